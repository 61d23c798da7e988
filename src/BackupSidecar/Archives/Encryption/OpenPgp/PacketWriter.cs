using System.Buffers.Binary;

namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// One packet whose length is not known beforehand: its body goes out in chunks of a power of two, each behind its "partial
/// length", and the last one behind its exact length (RFC 4880, 4.2.2.4).
/// </summary>
internal sealed class PacketWriter : WriteOnlyStream
{
    private const int HeaderRoom = 5;
    private const int ChunkExponent = 16;
    private const int ChunkBytes = 1 << ChunkExponent;

    private readonly Stream _next;
    private readonly byte[] _chunk = new byte[HeaderRoom + ChunkBytes];
    private int _length;

    public PacketWriter(int tag, Stream next)
    {
        _next = next;
        // In the new format, which alone has partial lengths.
        _next.Write([(byte)(0xc0 | tag)]);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var length = Math.Min(buffer.Length, ChunkBytes - _length);
            buffer[..length].CopyTo(_chunk.AsSpan(HeaderRoom + _length));
            _length += length;
            buffer = buffer[length..];
            if (_length == ChunkBytes)
                Emit([0xe0 | ChunkExponent]);
        }
    }

    /// <summary>Writes what is left, which may be nothing, as the last chunk.</summary>
    public void Complete()
    {
        Span<byte> header = [0xff, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(header[1..], _length);
        Emit(header);
    }

    private void Emit(ReadOnlySpan<byte> header)
    {
        var start = HeaderRoom - header.Length;
        header.CopyTo(_chunk.AsSpan(start));
        _next.Write(_chunk, start, header.Length + _length);
        _length = 0;
    }
}
