namespace BackupSidecar.Archives.Compression;

/// <summary>No compression: blocks leave as they came.</summary>
internal sealed class StoreTransform : BlockTransform
{
    private const int Bytes = 1024 * 1024;

    public static readonly BlockShape Shape = new(Bytes, Bytes);

    public override void Apply(Block block)
    {
        block.Input.AsSpan(0, block.InputLength).CopyTo(block.Output);
        block.OutputLength = block.InputLength;
    }
}
