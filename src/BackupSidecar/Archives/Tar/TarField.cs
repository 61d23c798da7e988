using System.Buffers.Binary;
using System.Text;

namespace BackupSidecar.Archives.Tar;

/// <summary>Where the fields of a tar header record stand, and how their numbers and texts are read.</summary>
internal static class TarField
{
    public const int RecordBytes = 512;

    public static readonly Range Name = 0..100;
    public static readonly Range Mode = 100..108;
    public static readonly Range OwnerId = 108..116;
    public static readonly Range GroupId = 116..124;
    public static readonly Range Size = 124..136;
    public static readonly Range ModifiedAt = 136..148;
    public static readonly Range Checksum = 148..156;
    public const int Type = 156;
    public static readonly Range LinkTarget = 157..257;
    public static readonly Range Magic = 257..263;
    public static readonly Range Version = 263..265;
    public static readonly Range Prefix = 345..500;

    /// <summary>In an old GNU sparse header, and at another place in the records that extend it: whether one more follows.</summary>
    public const int SparseExtends = 482;
    public const int SparseExtensionExtends = 504;

    /// <summary>Names are bytes; Latin-1 maps each to the character of the same value and back.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>An octal number in text, or a two's complement number whose first bit is a mark (GNU's form for what does not fit).</summary>
    /// <exception cref="InvalidDataException">It is neither, or too large for 64 bits.</exception>
    public static long Number(ReadOnlySpan<byte> field) => (field[0] & 0x80) != 0 ? Binary(field) : Octal(field);

    public static bool HasValidChecksum(ReadOnlySpan<byte> record)
    {
        var declared = Octal(record[Checksum]);
        long unsigned = 0;
        long signed = 0;
        for (var i = 0; i < RecordBytes; i++)
        {
            // The sum is taken with blanks in the place where it will stand. Very old programs summed signed characters.
            var value = i is >= 148 and < 156 ? (byte)' ' : record[i];
            unsigned += value;
            signed += (sbyte)value;
        }
        return declared == unsigned || declared == signed;
    }

    private static long Octal(ReadOnlySpan<byte> field)
    {
        var digits = field.Trim(" \0"u8);
        long value = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value >> 60 != 0)
                throw new InvalidDataException("a tar header holds a number that is none");
            value = (value << 3) | (long)(digit - '0');
        }
        return value;
    }

    private static long Binary(ReadOnlySpan<byte> field)
    {
        Span<byte> wide = stackalloc byte[16];
        var isNegative = (field[0] & 0x40) != 0;
        wide.Fill(isNegative ? (byte)0xff : (byte)0);
        field.CopyTo(wide[(16 - field.Length)..]);
        wide[16 - field.Length] = isNegative ? (byte)(field[0] | 0x80) : (byte)(field[0] & 0x7f);
        var value = BinaryPrimitives.ReadInt128BigEndian(wide);
        return value >= long.MinValue && value <= long.MaxValue
            ? (long)value
            : throw new InvalidDataException("a tar header holds a number that is too large");
    }
}
