namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Reads any number of zstd frames. Those that say that their content fits a block, as ours do, are unpacked on several
/// threads; others one after another.
/// </summary>
internal sealed class ZstdReader(Stream source, int workers)
    : BlockReader(source, ZstdTransform.MostFrameBytes, new BlockPipeline(Math.Max(1, workers), UnzstdTransform.Shape, () => new UnzstdTransform()))
{
    /// <summary>ZSTD_FRAMEHEADERSIZE_MAX.</summary>
    private const int FrameHeaderBytes = 18;
    private const int FirstLook = 64 * 1024;

    private readonly nint _decompressor = NewDecompressor();
    private bool _isDisposed;

    protected override void Feed()
    {
        if (TryFindFrame(out var frameBytes, out var contentBytes))
            FeedFrame(frameBytes, contentBytes);
        else
            DecompressForeign();
    }

    protected override void Dispose(bool disposing)
    {
        // The feeder ends there, and only then has nobody use for the decompressor.
        base.Dispose(disposing);
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            ZstdLibrary.FreeDecompressor(_decompressor);
        }
    }

    private static nint NewDecompressor()
    {
        ZstdLibrary.EnsureInstalled();
        return ZstdLibrary.CreateDecompressor();
    }

    /// <summary>Looks further and further ahead for the end of a frame: most are far shorter than the longest.</summary>
    private bool TryFindFrame(out int frameBytes, out int contentBytes)
    {
        frameBytes = contentBytes = 0;
        var header = Input.Peek(FrameHeaderBytes);
        if (ZstdLibrary.FrameContentBytes(header, (nuint)header.Length) is 0 or > ZstdTransform.FrameContentBytes)
            return false;
        contentBytes = (int)ZstdLibrary.FrameContentBytes(header, (nuint)header.Length);
        for (var wanted = FirstLook; ; wanted *= 2)
        {
            var seen = Input.Peek(Math.Min(wanted, ZstdTransform.MostFrameBytes));
            var found = ZstdLibrary.FrameBytes(seen, (nuint)seen.Length);
            if (ZstdLibrary.IsGood(found))
            {
                frameBytes = (int)found;
                return true;
            }
            if (seen.Length < wanted)
                return false;
        }
    }

    private void FeedFrame(int frameBytes, int contentBytes)
    {
        var block = Pipeline.Rent();
        block.InputLength = frameBytes;
        block.OutputLength = contentBytes;
        Input.Peek(frameBytes).CopyTo(block.Input);
        Input.Skip(frameBytes);
        Pipeline.Submit(block);
    }

    private void DecompressForeign()
    {
        for (var isOver = false; !isOver;)
        {
            var block = Pipeline.Rent();
            while (!isOver && block.OutputLength < block.Output.Length)
            {
                // Also without new input: zstd may still hold output that did not fit before.
                var input = Input.PeekAny();
                isOver = Decompress(input, block.Output.AsSpan(block.OutputLength), out var taken, out var written);
                if (input.IsEmpty && written == 0 && !isOver)
                    throw new InvalidDataException("the zstd stream ends too early");
                Input.Skip(taken);
                block.OutputLength += written;
            }
            Pipeline.SubmitFinished(block);
        }
    }

    /// <summary>Returns whether a frame is over.</summary>
    private unsafe bool Decompress(ReadOnlySpan<byte> input, Span<byte> output, out int taken, out int written)
    {
        fixed (byte* inputMemory = input)
        fixed (byte* outputMemory = output)
        {
            var from = new ZstdBuffer { Memory = (nint)inputMemory, Bytes = (nuint)input.Length };
            var to = new ZstdBuffer { Memory = (nint)outputMemory, Bytes = (nuint)output.Length };
            var left = ZstdLibrary.Check(ZstdLibrary.Decompress(_decompressor, ref to, ref from));
            taken = (int)from.Position;
            written = (int)to.Position;
            return left == 0;
        }
    }
}
