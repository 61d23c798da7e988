namespace BackupSidecar.Archives.Encryption.OpenPgp;

/// <summary>
/// The body of the packet that begins at the source: the header and the lengths between its chunks are taken away. Takes no
/// byte of the source that is not the packet's. Another packet, or a cut, is a <see cref="BackupRefusedException"/>.
/// </summary>
internal sealed class PacketBody : ReadOnlyStream
{
    private readonly Stream _source;
    private ChunkLength _chunk;
    private long _taken;

    public PacketBody(Stream source, int tag)
    {
        _source = source;
        _chunk = PacketHeader.Read(source) is { } header && header.Tag == tag ? header.Length : throw Refusal.Because(Refusal.Damaged);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (_taken == _chunk.Bytes)
        {
            if (!_chunk.IsPartial)
                return 0;
            _chunk = ChunkLength.Read(_source) ?? throw Refusal.Because(Refusal.Damaged);
            _taken = 0;
        }
        var read = _source.Read(buffer[..(int)Math.Min(buffer.Length, _chunk.Bytes - _taken)]);
        if (read == 0)
            throw Refusal.Because(Refusal.Damaged);
        _taken += read;
        return read;
    }

    /// <summary>The next byte, which must be there.</summary>
    public byte Take() => ChunkLength.ReadByte(this) ?? throw Refusal.Because(Refusal.Damaged);
}
