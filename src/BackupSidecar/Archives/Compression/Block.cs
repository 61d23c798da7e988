using System.Security.Cryptography;

namespace BackupSidecar.Archives.Compression;

/// <summary>Two buffers that travel through a <see cref="BlockPipeline"/>: what goes into its transformation, and what comes out.</summary>
internal sealed class Block(BlockShape shape)
{
    public byte[] Input { get; } = GC.AllocateUninitializedArray<byte>(shape.InputBytes);

    public byte[] Output { get; } = GC.AllocateUninitializedArray<byte>(shape.OutputBytes);

    public int InputLength { get; set; }

    public int OutputLength { get; set; }

    /// <summary>Takes the input from <see cref="DigestStart"/> on, in the order of the blocks; null if nobody wants its digest.</summary>
    public IncrementalHash? Digest { get; set; }

    public int DigestStart { get; set; }

    /// <summary>How many have still to work on it before it may go on. For the pipeline.</summary>
    public int Awaited { get; set; }

    public void Clear()
    {
        InputLength = 0;
        OutputLength = 0;
        Digest = null;
        DigestStart = 0;
        Awaited = 0;
    }
}

/// <summary>How much input a block holds at most, and how much output that can make.</summary>
internal readonly record struct BlockShape(int InputBytes, int OutputBytes);

/// <summary>Turns a block's input into its output. Each worker has its own, so it may keep state between blocks.</summary>
internal abstract class BlockTransform : IDisposable
{
    /// <exception cref="InvalidDataException">The input is not what it should be.</exception>
    public abstract void Apply(Block block);

    public virtual void Dispose()
    {
    }
}
