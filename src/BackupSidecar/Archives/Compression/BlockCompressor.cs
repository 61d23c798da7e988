using BackupSidecar.Configuration;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Compresses a stream of bytes in independent blocks on several threads, and writes them in order, from a thread of its
/// own, to the next stage. Between blocks it takes blocks that were compressed before. For one caller at a time.
/// </summary>
internal sealed class BlockCompressor : WriteOnlyStream
{
    private readonly BlockPipeline _pipeline;
    private readonly Stream _next;
    private readonly Thread _sequencer;
    private Block? _open;
    private bool _isComplete;

    /// <param name="settings">The kind of compression, and the number of workers.</param>
    /// <param name="next">Receives the compressed bytes; not disposed.</param>
    public BlockCompressor(ArchiveSettings settings, Stream next)
    {
        _next = next;
        _pipeline = new BlockPipeline(Math.Max(1, settings.CompressionThreads), TransformFor(settings.Compression));
        _sequencer = new Thread(WriteInOrder) { IsBackground = true, Name = "archive sequencer" };
        _sequencer.Start();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            _open ??= _pipeline.Rent();
            var length = Math.Min(buffer.Length, _open.Input.Length - _open.InputLength);
            buffer[..length].CopyTo(_open.Input.AsSpan(_open.InputLength));
            _open.InputLength += length;
            buffer = buffer[length..];
            if (_open.InputLength == _open.Input.Length)
                SubmitOpenBlock();
        }
    }

    /// <summary>Copies whole blocks that were compressed before, to the stream's end; returns their bytes.</summary>
    public long WriteVerbatim(Stream blocks)
    {
        SubmitOpenBlock();
        long copied = 0;
        while (true)
        {
            var block = _pipeline.Rent();
            block.OutputLength = blocks.ReadAtLeast(block.Output, block.Output.Length, throwOnEndOfStream: false);
            copied += block.OutputLength;
            _pipeline.SubmitFinished(block);
            if (block.OutputLength < block.Output.Length)
                return copied;
        }
    }

    /// <summary>Returns when the next stage has everything.</summary>
    public void Complete()
    {
        SubmitOpenBlock();
        _pipeline.CompleteAdding();
        _sequencer.Join();
        _pipeline.ThrowIfFailed();
        _isComplete = true;
    }

    /// <summary>What was written cannot become a whole archive any more: every later call throws this.</summary>
    public void Fail(Exception reason) => _pipeline.Fail(reason);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!_isComplete)
                _pipeline.Fail(new ObjectDisposedException(nameof(BlockCompressor)));
            _sequencer.Join();
            _pipeline.Dispose();
        }
        base.Dispose(disposing);
    }

    private static Func<BlockTransform> TransformFor(Configuration.Compression compression) => compression switch
    {
        Configuration.Compression.Gzip => () => new GzipTransform(),
        Configuration.Compression.Zstd => () => new ZstdTransform(),
        Configuration.Compression.None => () => new StoreTransform(),
        _ => throw new ArgumentOutOfRangeException(nameof(compression)),
    };

    private void SubmitOpenBlock()
    {
        if (_open is null)
            return;
        _pipeline.Submit(_open);
        _open = null;
    }

    private void WriteInOrder()
    {
        try
        {
            while (_pipeline.Take() is { } block)
            {
                _next.Write(block.Output, 0, block.OutputLength);
                _pipeline.Return(block);
            }
        }
        catch (Exception error)
        {
            _pipeline.Fail(error);
        }
    }
}
