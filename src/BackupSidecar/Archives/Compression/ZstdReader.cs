namespace BackupSidecar.Archives.Compression;

/// <summary>Reads any number of zstd frames.</summary>
internal sealed class ZstdReader : ReadOnlyStream
{
    private readonly Stream _source;
    private readonly byte[] _input = new byte[256 * 1024];
    private readonly nint _decompressor;
    private int _start;
    private int _end;
    private bool _isWithinFrame = true;
    private bool _isDisposed;

    public ZstdReader(Stream source)
    {
        ZstdLibrary.EnsureInstalled();
        _source = source;
        _decompressor = ZstdLibrary.CreateDecompressor();
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (!buffer.IsEmpty)
        {
            // First without new input: zstd may still hold output that did not fit before.
            var written = Decompress(buffer);
            if (written > 0)
                return written;
            if (_start == _end && !Fill())
                return _isWithinFrame ? throw new InvalidDataException("the zstd stream ends too early") : 0;
        }
        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            ZstdLibrary.FreeDecompressor(_decompressor);
        }
        base.Dispose(disposing);
    }

    private bool Fill()
    {
        _start = 0;
        _end = _source.Read(_input);
        return _end > 0;
    }

    private unsafe int Decompress(Span<byte> buffer)
    {
        if (_start == _end && !_isWithinFrame)
            return 0;
        fixed (byte* output = buffer)
        fixed (byte* input = _input)
        {
            var to = new ZstdBuffer { Memory = (nint)output, Bytes = (nuint)buffer.Length };
            var from = new ZstdBuffer { Memory = (nint)input, Bytes = (nuint)_end, Position = (nuint)_start };
            _isWithinFrame = ZstdLibrary.Check(ZstdLibrary.Decompress(_decompressor, ref to, ref from)) != 0;
            _start = (int)from.Position;
            return (int)to.Position;
        }
    }
}
