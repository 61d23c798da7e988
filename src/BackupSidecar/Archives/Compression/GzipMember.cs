using System.Buffers.Binary;

namespace BackupSidecar.Archives.Compression;

/// <summary>
/// The frame of a gzip member of ours. Its extra field has one subfield, "BS", of two 32-bit numbers: the bytes of the whole
/// member and the bytes of its content, so that a reader can hand members to several workers without inflating any of them.
/// Other programs skip the field.
/// </summary>
internal static class GzipMember
{
    public const int HeaderBytes = 24;
    public const int TrailerBytes = 8;

    /// <summary>Content of one member; smaller only in the last one, and before and after staged blocks.</summary>
    public const int ContentBytes = 1024 * 1024;

    /// <summary>Longest member: DEFLATE may make bytes that do not compress a little longer, and the probe does not see all of them.</summary>
    public const int MostBytes = ContentBytes + (ContentBytes / 8) + 4096;

    /// <summary>DEFLATE, an extra field, no time, no level, Unix; 12 bytes of extra field: "BS", 8 bytes.</summary>
    private static ReadOnlySpan<byte> FixedHeader => [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 12, 0, (byte)'B', (byte)'S', 8, 0];

    public static void WriteHeader(Span<byte> destination, int memberBytes, int contentBytes)
    {
        FixedHeader.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], memberBytes);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], contentBytes);
    }

    public static void WriteTrailer(Span<byte> destination, ReadOnlySpan<byte> content)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Crc32.Append(0, content));
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], content.Length);
    }

    /// <summary>Whether this is the header of a member of ours; its lengths are then within bounds.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out int memberBytes, out int contentBytes)
    {
        memberBytes = contentBytes = 0;
        if (header.Length < HeaderBytes || !header.StartsWith(FixedHeader))
            return false;
        memberBytes = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
        contentBytes = BinaryPrimitives.ReadInt32LittleEndian(header[20..]);
        return memberBytes is > HeaderBytes + TrailerBytes and <= MostBytes && contentBytes is >= 0 and <= ContentBytes;
    }

    /// <summary>Whether the trailer belongs to this content.</summary>
    public static bool Matches(ReadOnlySpan<byte> trailer, uint crc, long contentBytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(trailer) == crc
        && BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) == unchecked((uint)contentBytes);
}
