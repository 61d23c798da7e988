using System.Buffers.Binary;

namespace BackupSidecar.Databases.Redis;

/// <summary>
/// Hands a snapshot (RDB) on to its destination and finds its true end: an opcode and the checksum of everything before it. A server
/// that sends it without writing it to its disk first does not know its length and ends the transfer with a mark of 40 bytes,
/// which redis-cli leaves in a pipe; so the last bytes are held back until the end tells.
/// </summary>
internal sealed class RdbEnding(Stream destination)
{
    private const int ChecksumLength = sizeof(ulong);
    private const int MarkLength = 40;
    private const int MostHeld = MarkLength + ChecksumLength;
    private const byte EndOfFile = 0xFF;

    private readonly byte[] _held = new byte[MostHeld];
    private int _heldLength;
    private ulong _checksum;
    private byte _lastPassed;

    public void Take(byte[] chunk, int length)
    {
        var excess = Math.Max(0, _heldLength + length - MostHeld);
        var ofHeld = Math.Min(excess, _heldLength);
        Pass(_held.AsSpan(0, ofHeld));
        _held.AsSpan(ofHeld, _heldLength - ofHeld).CopyTo(_held);
        _heldLength -= ofHeld;

        var ofChunk = excess - ofHeld;
        Pass(chunk.AsSpan(0, ofChunk));
        chunk.AsSpan(ofChunk, length - ofChunk).CopyTo(_held.AsSpan(_heldLength));
        _heldLength += length - ofChunk;
    }

    /// <summary>Hands on the rest. Returns whether the checksum proved it whole; false if the server writes none.</summary>
    /// <exception cref="DumpFormatException">It does not end as a snapshot does.</exception>
    public bool Complete()
    {
        foreach (var mark in (ReadOnlySpan<int>)[0, MarkLength])
        {
            var body = _heldLength - mark - ChecksumLength;
            if (body < 0 || (body > 0 ? _held[body - 1] : _lastPassed) != EndOfFile)
                continue;
            var stored = BinaryPrimitives.ReadUInt64LittleEndian(_held.AsSpan(body));
            if (stored != 0 && stored != Crc64.Jones.Append(_checksum, _held.AsSpan(0, body)))
                continue;
            Pass(_held.AsSpan(0, body + ChecksumLength));
            return stored != 0;
        }
        throw new DumpFormatException("it has no end with a right checksum");
    }

    private void Pass(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        destination.Write(bytes);
        _checksum = Crc64.Jones.Append(_checksum, bytes);
        _lastPassed = bytes[^1];
    }
}
