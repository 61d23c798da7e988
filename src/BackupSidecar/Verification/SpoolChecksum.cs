using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using BackupSidecar.Databases;
using BackupSidecar.Stores;

namespace BackupSidecar.Verification;

/// <summary>Computes over what was sent the checksum that a store says it has computed over what it holds.</summary>
internal static class SpoolChecksum
{
    private const int PieceBytes = 1 << 20;

    /// <param name="spool">Sealed.</param>
    /// <param name="kind">Which one.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<byte[]> ComputeAsync(Spool spool, ChecksumKind kind, CancellationToken cancellation)
    {
        var (bytes, sha256) = await spool.Sealed;
        await using var content = spool.OpenRead(0, bytes);
        return kind switch
        {
            ChecksumKind.Sha256 => Convert.FromHexString(sha256),
            ChecksumKind.Md5 => await CryptographicOperations.HashDataAsync(HashAlgorithmName.MD5, content, cancellation),
            ChecksumKind.Crc32C => BigEndian((uint)~Fold(content, uint.MaxValue, Crc32C, cancellation)),
            ChecksumKind.Crc64Nvme => BigEndian(~Fold(content, ulong.MaxValue, Crc64.Nvme.Append, cancellation)),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static ulong Fold(Stream content, ulong start, Func<ulong, ReadOnlySpan<byte>, ulong> append, CancellationToken cancellation)
    {
        var piece = new byte[PieceBytes];
        for (int read; (read = content.Read(piece)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            start = append(start, piece.AsSpan(0, read));
        }
        return start;
    }

    private static ulong Crc32C(ulong start, ReadOnlySpan<byte> bytes)
    {
        var crc = (uint)start;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
