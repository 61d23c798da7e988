namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// A stream whose beginning is read twice. One that cannot seek is kept in memory as far as it was read the first time. Does
/// not dispose the other.
/// </summary>
internal sealed class ReadAgainStream(Stream stream) : Stream
{
    private readonly long _start = stream.CanSeek ? stream.Position : 0;
    private readonly MemoryStream _kept = new();
    private bool _isAgain;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The next reading begins at the start, and is the last one.</summary>
    public void Rewind()
    {
        _isAgain = true;
        _kept.Position = 0;
        if (stream.CanSeek)
            stream.Position = _start;
    }

    public override int Read(Span<byte> buffer)
    {
        if (_isAgain && _kept.Read(buffer) is var again and > 0)
            return again;
        var read = stream.Read(buffer);
        if (!_isAgain && !stream.CanSeek)
            _kept.Write(buffer[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
