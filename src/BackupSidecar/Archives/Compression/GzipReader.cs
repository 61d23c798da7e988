using System.IO.Compression;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Reads any number of gzip members. Those of ours say how long they are and are inflated on several threads; those of
/// other programs one after another.
/// </summary>
internal sealed class GzipReader : ReadOnlyStream
{
    private const int HeaderTextLimit = 64 * 1024;

    private readonly GzipInput _input;
    private readonly BlockPipeline _pipeline;
    private readonly Thread _feeder;
    private Block? _block;
    private int _taken;
    private bool _isDisposed;

    public GzipReader(Stream source, int workers)
    {
        _input = new GzipInput(source);
        _pipeline = new BlockPipeline(Math.Max(1, workers), () => new GunzipTransform());
        _feeder = new Thread(Feed) { IsBackground = true, Name = "gzip feeder" };
        _feeder.Start();
    }

    public override int Read(Span<byte> buffer)
    {
        while (_block is null || _taken == _block.OutputLength)
        {
            if (_block is not null)
                _pipeline.Return(_block);
            _taken = 0;
            _block = _pipeline.Take();
            if (_block is null)
                return 0;
        }
        var length = Math.Min(buffer.Length, _block.OutputLength - _taken);
        _block.Output.AsSpan(_taken, length).CopyTo(buffer);
        _taken += length;
        return length;
    }

    /// <summary>Ends the threads; waits for one that is just reading from the source.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _pipeline.Fail(new ObjectDisposedException(nameof(GzipReader)));
            _feeder.Join();
            _pipeline.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Feed()
    {
        try
        {
            do
                FeedMember();
            while (!_input.Peek(1).IsEmpty);
            _pipeline.CompleteAdding();
        }
        catch (Exception error)
        {
            _pipeline.Fail(error);
        }
    }

    private void FeedMember()
    {
        if (GzipMember.TryReadHeader(_input.Peek(GzipMember.HeaderBytes), out var memberBytes, out var contentBytes))
            FeedPacked(memberBytes, contentBytes);
        else
            InflateForeign();
    }

    private void FeedPacked(int memberBytes, int contentBytes)
    {
        _input.Skip(GzipMember.HeaderBytes);
        var block = _pipeline.Rent();
        block.InputLength = memberBytes - GzipMember.HeaderBytes;
        block.OutputLength = contentBytes;
        if (!_input.TryReadExactly(block.Input.AsSpan(0, block.InputLength)))
            throw new InvalidDataException("the gzip stream ends too early");
        _pipeline.Submit(block);
    }

    private void InflateForeign()
    {
        SkipHeader();
        using var inflate = new DeflateStream(_input, CompressionMode.Decompress, leaveOpen: true);
        var crc = 0u;
        long length = 0;
        while (true)
        {
            var block = _pipeline.Rent();
            block.OutputLength = inflate.ReadAtLeast(block.Output, block.Output.Length, throwOnEndOfStream: false);
            crc = Crc32.Append(crc, block.Output.AsSpan(0, block.OutputLength));
            length += block.OutputLength;
            var isLast = block.OutputLength < block.Output.Length;
            _pipeline.SubmitFinished(block);
            if (isLast)
                break;
        }
        SkipTrailer(crc, length);
    }

    /// <summary>
    /// DeflateStream does not say how much of its last piece belongs to what it read. The trailer does: checksum and length
    /// together stand there by chance about once in 10^15 pieces, and then still something sensible must follow.
    /// </summary>
    private void SkipTrailer(uint crc, long length)
    {
        var last = _input.LastPiece;
        _input.GiveBackLastPiece();
        var rest = _input.Peek(last + GzipMember.TrailerBytes + 2);
        for (var i = 0; i <= last && i + GzipMember.TrailerBytes <= rest.Length; i++)
        {
            var behind = rest[(i + GzipMember.TrailerBytes)..];
            if (GzipMember.Matches(rest[i..], crc, length) && (behind.IsEmpty || behind.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])))
            {
                _input.Skip(i + GzipMember.TrailerBytes);
                return;
            }
        }
        throw new InvalidDataException("the gzip stream is damaged, ends too early, or has something behind its end");
    }

    private void SkipHeader()
    {
        var header = _input.Peek(10);
        if (header.Length < 10 || header[0] != 0x1f || header[1] != 0x8b || header[2] != 8 || (header[3] & 0xe0) != 0)
            throw new InvalidDataException("this is not gzip, or it ends too early");
        var flags = header[3];
        _input.Skip(10);
        if ((flags & 4) != 0)
        {
            var length = _input.Peek(2);
            SkipExactly(length.Length < 2 ? 2 : 2 + length[0] + (length[1] << 8));
        }
        if ((flags & 8) != 0)
            SkipText();
        if ((flags & 16) != 0)
            SkipText();
        if ((flags & 2) != 0)
            SkipExactly(2);
    }

    private void SkipExactly(int bytes)
    {
        if (_input.Peek(bytes).Length < bytes)
            throw new InvalidDataException("the gzip stream ends within a header");
        _input.Skip(bytes);
    }

    private void SkipText()
    {
        var end = _input.Peek(HeaderTextLimit).IndexOf((byte)0);
        if (end < 0)
            throw new InvalidDataException("a gzip header has no end");
        _input.Skip(end + 1);
    }
}
