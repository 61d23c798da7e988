using System.Buffers.Binary;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>What stands before the body of a packet, in the old format or in the new one (RFC 4880, 4.2).</summary>
internal readonly record struct PacketHeader(int Tag, ChunkLength Length)
{
    /// <summary>Takes a header from the source; null if none stands there.</summary>
    public static PacketHeader? Read(Stream source)
    {
        if (ChunkLength.ReadByte(source) is not { } first || first < 0x80)
            return null;
        var isNew = (first & 0x40) != 0;
        var tag = isNew ? first & 0x3f : (first >> 2) & 0xf;
        return (isNew ? ChunkLength.Read(source) : ChunkLength.ReadOld(source, first & 3)) is { } length ? new PacketHeader(tag, length) : null;
    }
}

/// <summary>The length of a body, or of its next chunk if more of them follow.</summary>
internal readonly record struct ChunkLength(long Bytes, bool IsPartial)
{
    /// <summary>Takes a length in the new format; null if the source ends.</summary>
    public static ChunkLength? Read(Stream source) => ReadByte(source) switch
    {
        null => null,
        < 192 and var bytes => new ChunkLength(bytes, IsPartial: false),
        < 224 and var high => ReadByte(source) is { } low ? new ChunkLength(((high - 192) << 8) + low + 192, IsPartial: false) : null,
        < 255 and var partial => new ChunkLength(1L << (partial & 0x1f), IsPartial: true),
        _ => ReadNumber(source, 4),
    };

    /// <summary>Takes a length of the old format. A packet "of indeterminate length" has no end that could be checked: null.</summary>
    public static ChunkLength? ReadOld(Stream source, int kind) => kind == 3 ? null : ReadNumber(source, 1 << kind);

    public static byte? ReadByte(Stream source)
    {
        Span<byte> one = [0];
        return source.Read(one) == 1 ? one[0] : null;
    }

    private static ChunkLength? ReadNumber(Stream source, int bytes)
    {
        Span<byte> number = [0, 0, 0, 0];
        return source.ReadAtLeast(number[(4 - bytes)..], bytes, throwOnEndOfStream: false) == bytes
            ? new ChunkLength(BinaryPrimitives.ReadUInt32BigEndian(number), IsPartial: false)
            : null;
    }
}
