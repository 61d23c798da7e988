using System.Security.Cryptography;
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
    private IncrementalHash? _digest;
    private int _digestStart;
    private bool _isComplete;

    /// <param name="settings">The kind and level of compression, and the number of workers.</param>
    /// <param name="next">Receives the compressed bytes; not disposed.</param>
    public BlockCompressor(ArchiveSettings settings, Stream next)
    {
        _next = next;
        var (shape, newTransform) = TransformFor(settings);
        _pipeline = new BlockPipeline(Math.Max(1, settings.CompressionThreads), shape, newTransform);
        _sequencer = new Thread(WriteInOrder) { IsBackground = true, Name = "archive sequencer" };
        _sequencer.Start();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var room = Room();
            var length = Math.Min(buffer.Length, room.Length);
            buffer[..length].CopyTo(room);
            Advance(length);
            buffer = buffer[length..];
        }
    }

    /// <summary>Where the next bytes go, one at least, for who can put them there without a copy; <see cref="Advance"/> takes them.</summary>
    public Span<byte> Room()
    {
        _open ??= _pipeline.Rent();
        return _open.Input.AsSpan(_open.InputLength);
    }

    /// <summary>So many bytes were put into <see cref="Room"/>.</summary>
    public void Advance(int bytes)
    {
        var open = _open ?? throw new InvalidOperationException("No room was asked for.");
        open.InputLength += bytes;
        if (open.InputLength == open.Input.Length)
            SubmitOpenBlock();
    }

    /// <summary>From here on, what is written is hashed, beside the compression.</summary>
    public void BeginDigest()
    {
        _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _digestStart = _open?.InputLength ?? 0;
    }

    /// <summary>The SHA-256, in hexadecimal digits, of what was written since <see cref="BeginDigest"/>.</summary>
    public string EndDigest()
    {
        var digest = _digest ?? throw new InvalidOperationException("No digest was begun.");
        _pipeline.WaitUntilDigested();
        if (_open is not null)
            digest.AppendData(_open.Input.AsSpan(_digestStart.._open.InputLength));
        var hash = digest.GetHashAndReset();
        digest.Dispose();
        _digest = null;
        return Convert.ToHexStringLower(hash);
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
            _digest?.Dispose();
        }
        base.Dispose(disposing);
    }

    private static (BlockShape Shape, Func<BlockTransform> New) TransformFor(ArchiveSettings settings) => settings.Compression switch
    {
        Configuration.Compression.Gzip => (GzipTransform.Shape, () => new GzipTransform(Deflater.For(settings.CompressionLevel))),
        Configuration.Compression.Zstd => (ZstdTransform.Shape, () => new ZstdTransform(settings.CompressionLevel)),
        Configuration.Compression.None => (StoreTransform.Shape, () => new StoreTransform()),
        _ => throw new ArgumentOutOfRangeException(nameof(settings)),
    };

    private void SubmitOpenBlock()
    {
        if (_open is null)
            return;
        _open.Digest = _digest;
        _open.DigestStart = _digestStart;
        _digestStart = 0;
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
