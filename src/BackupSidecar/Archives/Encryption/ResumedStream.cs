namespace BackupSidecar.Archives.Encryption;

/// <summary>A stream whose first bytes somebody has read already, with these bytes in front again. Does not dispose the rest.</summary>
internal sealed class ResumedStream(ReadOnlyMemory<byte> first, Stream rest) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _first = first;

    public override int Read(Span<byte> buffer)
    {
        if (_first.IsEmpty)
            return rest.Read(buffer);
        var length = Math.Min(buffer.Length, _first.Length);
        _first.Span[..length].CopyTo(buffer);
        _first = _first[length..];
        return length;
    }
}
