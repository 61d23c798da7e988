using System.IO.Compression;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Reads any number of gzip members. Those of ours say how long they are and are inflated on several threads; those of
/// other programs one after another.
/// </summary>
/// <param name="source">Not disposed.</param>
/// <param name="workers">Threads that inflate.</param>
/// <param name="newInflater">Gives each of them its own.</param>
internal sealed class GzipReader(Stream source, int workers, Func<Inflater> newInflater)
    : BlockReader(source, MostPeeked, new BlockPipeline(Math.Max(1, workers), GunzipTransform.Shape, () => new GunzipTransform(newInflater())))
{
    private const int HeaderTextLimit = 64 * 1024;
    private const int MostPeeked = 128 * 1024;

    public GzipReader(Stream source, int workers)
        : this(source, workers, Inflater.New)
    {
    }

    protected override void Feed()
    {
        if (GzipMember.TryReadHeader(Input.Peek(GzipMember.HeaderBytes), out var memberBytes, out var contentBytes))
            FeedPacked(memberBytes, contentBytes);
        else
            InflateForeign();
    }

    private void FeedPacked(int memberBytes, int contentBytes)
    {
        Input.Skip(GzipMember.HeaderBytes);
        var block = Pipeline.Rent();
        block.InputLength = memberBytes - GzipMember.HeaderBytes;
        block.OutputLength = contentBytes;
        if (!Input.TryReadExactly(block.Input.AsSpan(0, block.InputLength)))
            throw new InvalidDataException("the gzip stream ends too early");
        Pipeline.Submit(block);
    }

    private void InflateForeign()
    {
        SkipHeader();
        using var inflate = new DeflateStream(Input, CompressionMode.Decompress, leaveOpen: true);
        var crc = 0u;
        long length = 0;
        while (true)
        {
            var block = Pipeline.Rent();
            block.OutputLength = inflate.ReadAtLeast(block.Output, block.Output.Length, throwOnEndOfStream: false);
            crc = Crc32.Append(crc, block.Output.AsSpan(0, block.OutputLength));
            length += block.OutputLength;
            var isLast = block.OutputLength < block.Output.Length;
            Pipeline.SubmitFinished(block);
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
        var last = Input.LastPiece;
        Input.GiveBackLastPiece();
        var rest = Input.Peek(last + GzipMember.TrailerBytes + 2);
        for (var i = 0; i <= last && i + GzipMember.TrailerBytes <= rest.Length; i++)
        {
            var behind = rest[(i + GzipMember.TrailerBytes)..];
            if (GzipMember.Matches(rest[i..], crc, length) && (behind.IsEmpty || behind.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])))
            {
                Input.Skip(i + GzipMember.TrailerBytes);
                return;
            }
        }
        throw new InvalidDataException("the gzip stream is damaged, ends too early, or has something behind its end");
    }

    private void SkipHeader()
    {
        var header = Input.Peek(10);
        if (header.Length < 10 || header[0] != 0x1f || header[1] != 0x8b || header[2] != 8 || (header[3] & 0xe0) != 0)
            throw new InvalidDataException("this is not gzip, or it ends too early");
        var flags = header[3];
        Input.Skip(10);
        if ((flags & 4) != 0)
        {
            var length = Input.Peek(2);
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
        if (Input.Peek(bytes).Length < bytes)
            throw new InvalidDataException("the gzip stream ends within a header");
        Input.Skip(bytes);
    }

    private void SkipText()
    {
        var end = Input.Peek(HeaderTextLimit).IndexOf((byte)0);
        if (end < 0)
            throw new InvalidDataException("a gzip header has no end");
        Input.Skip(end + 1);
    }
}
