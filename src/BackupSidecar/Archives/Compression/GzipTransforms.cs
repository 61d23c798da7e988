using System.Buffers.Binary;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// Makes one gzip member of each block. What would not get smaller is stored as it is, in runs of 64 KiB: that halves the
/// work on a usual mix of files and costs less than a thousandth of the size.
/// </summary>
/// <param name="deflater">Compresses the rest; disposed with this.</param>
internal sealed class GzipTransform(Deflater deflater) : BlockTransform
{
    private const int LargestStoredRun = ushort.MaxValue;
    private const int StoredHeaderBytes = 5;

    public static readonly BlockShape Shape = new(GzipMember.ContentBytes, GzipMember.MostBytes);

    /// <summary>An empty last block, which ends the DEFLATE stream.</summary>
    private static ReadOnlySpan<byte> End => [0x03, 0x00];

    public override void Apply(Block block)
    {
        var content = block.Input.AsSpan(0, block.InputLength);
        var position = GzipMember.HeaderBytes;
        for (var start = 0; start < content.Length;)
        {
            var length = NextStretch(content[start..], out var isStored);
            var stretch = content.Slice(start, length);
            position += isStored ? Store(stretch, block.Output.AsSpan(position)) : Deflate(stretch, block.Output, position);
            start += length;
        }
        End.CopyTo(block.Output.AsSpan(position));
        position += End.Length;
        block.OutputLength = position + GzipMember.TrailerBytes;
        GzipMember.WriteHeader(block.Output, block.OutputLength, content.Length);
        GzipMember.WriteTrailer(block.Output.AsSpan(position), content);
    }

    public override void Dispose()
    {
        deflater.Dispose();
        base.Dispose();
    }

    /// <summary>How far the runs are of the same kind as the first one.</summary>
    private static int NextStretch(ReadOnlySpan<byte> content, out bool isStored)
    {
        var length = Math.Min(Incompressible.RunBytes, content.Length);
        isStored = Incompressible.Looks(content[..length]);
        while (length < content.Length)
        {
            var next = Math.Min(Incompressible.RunBytes, content.Length - length);
            if (Incompressible.Looks(content.Slice(length, next)) != isStored)
                break;
            length += next;
        }
        return length;
    }

    private static int Store(ReadOnlySpan<byte> stretch, Span<byte> output)
    {
        var position = 0;
        while (stretch.Length > 0)
        {
            var length = Math.Min(LargestStoredRun, stretch.Length);
            output[position] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(output[(position + 1)..], (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(output[(position + 3)..], (ushort)~length);
            stretch[..length].CopyTo(output[(position + StoredHeaderBytes)..]);
            position += StoredHeaderBytes + length;
            stretch = stretch[length..];
        }
        return position;
    }

    /// <summary>The probe looks at samples only: what got longer is stored after all.</summary>
    private int Deflate(ReadOnlySpan<byte> stretch, byte[] output, int position) =>
        deflater.Deflate(stretch, new ArraySegment<byte>(output, position, output.Length - position)) is { } length && length < stretch.Length
            ? length
            : Store(stretch, output.AsSpan(position));
}

/// <summary>Inflates members of ours: input is everything behind the header, and the length of the output is known.</summary>
/// <param name="inflater">Disposed with this.</param>
internal sealed class GunzipTransform(Inflater inflater) : BlockTransform
{
    public static readonly BlockShape Shape = new(GzipMember.MostBytes, GzipMember.ContentBytes);

    public override void Apply(Block block)
    {
        var deflated = new ArraySegment<byte>(block.Input, 0, block.InputLength - GzipMember.TrailerBytes);
        var trailer = block.Input.AsSpan(deflated.Count, GzipMember.TrailerBytes);
        var content = block.Output.AsSpan(0, block.OutputLength);
        if (!inflater.TryInflate(deflated, content) || !GzipMember.Matches(trailer, Crc32.Append(0, content), content.Length))
            throw new InvalidDataException("a compressed block is damaged");
    }

    public override void Dispose()
    {
        inflater.Dispose();
        base.Dispose();
    }
}
