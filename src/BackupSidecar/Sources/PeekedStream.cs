namespace BackupSidecar.Sources;

/// <summary>A stream that is read through, of which is known beforehand whether it holds anything. Does not dispose the other.</summary>
internal sealed class PeekedStream : Stream
{
    private readonly Stream _stream;
    private readonly int _first;
    private bool _isFirstTaken;

    /// <summary>Blocks until there is a byte, or the end.</summary>
    public PeekedStream(Stream stream) => (_stream, _first) = (stream, stream.ReadByte());

    public bool IsEmpty => _first < 0;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (_isFirstTaken || IsEmpty || buffer.IsEmpty)
            return _stream.Read(buffer);
        _isFirstTaken = true;
        buffer[0] = (byte)_first;
        return 1;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is buffered for writing.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
