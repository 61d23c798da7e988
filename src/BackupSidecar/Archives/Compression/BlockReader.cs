namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Reads a compressed stream ahead, on a thread of its own that hands its blocks to several workers, and gives their content
/// in order.
/// </summary>
internal abstract class BlockReader(Stream source, int mostPeeked, BlockPipeline pipeline) : ReadOnlyStream
{
    private Thread? _feeder;
    private Block? _block;
    private int _taken;
    private bool _isDisposed;

    protected CompressedInput Input { get; } = new(source, mostPeeked);

    protected BlockPipeline Pipeline => pipeline;

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        StartFeeder();
        while (_block is null || _taken == _block.OutputLength)
        {
            if (_block is not null)
                pipeline.Return(_block);
            _taken = 0;
            _block = pipeline.Take();
            if (_block is null)
                return 0;
        }
        var length = Math.Min(buffer.Length, _block.OutputLength - _taken);
        _block.Output.AsSpan(_taken, length).CopyTo(buffer);
        _taken += length;
        return length;
    }

    /// <summary>Hands the next member or frame, of which there is at least one byte unless the stream is empty, to the pipeline.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or not whole.</exception>
    protected abstract void Feed();

    /// <summary>Ends the threads; waits for one that is just reading from the source.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            pipeline.Fail(new ObjectDisposedException(GetType().Name));
            _feeder?.Join();
            pipeline.Dispose();
        }
        base.Dispose(disposing);
    }

    private void StartFeeder()
    {
        if (_feeder is not null)
            return;
        _feeder = new Thread(FeedAll) { IsBackground = true, Name = "archive feeder" };
        _feeder.Start();
    }

    private void FeedAll()
    {
        try
        {
            do
                Feed();
            while (!Input.Peek(1).IsEmpty);
            pipeline.CompleteAdding();
        }
        catch (Exception error)
        {
            pipeline.Fail(error);
        }
    }
}
