namespace BackupSidecar.Stores.S3;

/// <summary>Cancels a request on which nothing has moved for too long, however long the whole of it may take.</summary>
internal sealed class SilenceWatch : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;

    public SilenceWatch(TimeSpan limit, CancellationToken caller)
    {
        Limit = limit;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _source.CancelAfter(limit);
    }

    public TimeSpan Limit { get; private set; }

    public CancellationToken Token => _source.Token;

    /// <summary>Whether the silence, and not the caller, has ended the request.</summary>
    public bool HasFired => _source.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Something has moved.</summary>
    public void Progressed() => _source.CancelAfter(Limit);

    /// <summary>From now on the silence may be longer: the server has more to do than to answer.</summary>
    public void Allow(TimeSpan limit)
    {
        Limit = limit;
        Progressed();
    }

    /// <summary>A stream whose reading counts as progress, with a silence of its own; owns <paramref name="inner"/>.</summary>
    public Stream Follow(Stream inner, TimeSpan limit)
    {
        Allow(limit);
        return new FollowedStream(inner, this);
    }

    public void Dispose() => _source.Dispose();

    private sealed class FollowedStream(Stream inner, SilenceWatch watch) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            watch.Progressed();
            return inner.Read(buffer);
        }

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
            // Only read.
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
