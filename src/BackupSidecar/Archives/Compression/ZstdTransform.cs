namespace BackupSidecar.Archives.Compression;

/// <summary>Makes one zstd frame, with its content's size and checksum, of each block.</summary>
internal sealed class ZstdTransform : BlockTransform
{
    private const int FrameContentBytes = 2 * 1024 * 1024;
    private const int Level = 3;
    private readonly nint _compressor;

    public ZstdTransform()
    {
        ZstdLibrary.EnsureInstalled();
        _compressor = ZstdLibrary.CreateCompressor();
        ZstdLibrary.Check(ZstdLibrary.SetParameter(_compressor, ZstdLibrary.CompressionLevelParameter, Level));
        ZstdLibrary.Check(ZstdLibrary.SetParameter(_compressor, ZstdLibrary.ChecksumParameter, 1));
    }

    public override int InputBytes => FrameContentBytes;

    public override int OutputBytes => (int)ZstdLibrary.CompressBound(FrameContentBytes);

    public override void Apply(Block block)
    {
        var written = ZstdLibrary.Compress(
            _compressor, block.Output, (nuint)block.Output.Length, block.Input.AsSpan(0, block.InputLength), (nuint)block.InputLength);
        block.OutputLength = (int)ZstdLibrary.Check(written);
    }

    public override void Dispose()
    {
        ZstdLibrary.FreeCompressor(_compressor);
        base.Dispose();
    }
}
