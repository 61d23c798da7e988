namespace BackupSidecar.Archives.Compression;

/// <summary>Two buffers that travel through a <see cref="BlockPipeline"/>: what goes into its transformation, and what comes out.</summary>
internal sealed class Block(int inputBytes, int outputBytes) : IDisposable
{
    private readonly ManualResetEventSlim _finished = new();

    public byte[] Input { get; } = new byte[inputBytes];

    public byte[] Output { get; } = new byte[outputBytes];

    public int InputLength { get; set; }

    public int OutputLength { get; set; }

    public void Clear()
    {
        InputLength = 0;
        OutputLength = 0;
        _finished.Reset();
    }

    public void Finish() => _finished.Set();

    public void WaitUntilFinished(CancellationToken cancellation) => _finished.Wait(cancellation);

    public void Dispose() => _finished.Dispose();
}

/// <summary>Turns a block's input into its output. Each worker has its own, so it may keep state between blocks.</summary>
internal abstract class BlockTransform : IDisposable
{
    /// <summary>How much input a block holds at most, and how much output that can make.</summary>
    public abstract int InputBytes { get; }

    public abstract int OutputBytes { get; }

    /// <exception cref="InvalidDataException">The input is not what it should be.</exception>
    public abstract void Apply(Block block);

    public virtual void Dispose()
    {
    }
}
