namespace BackupSidecar.Archives.Compression;

/// <summary>No compression: blocks leave as they came.</summary>
internal sealed class StoreTransform : BlockTransform
{
    public override int InputBytes => 1024 * 1024;

    public override int OutputBytes => InputBytes;

    public override void Apply(Block block)
    {
        block.Input.AsSpan(0, block.InputLength).CopyTo(block.Output);
        block.OutputLength = block.InputLength;
    }
}
