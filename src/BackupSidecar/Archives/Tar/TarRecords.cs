using System.Globalization;
using System.Text;

namespace BackupSidecar.Archives.Tar;

/// <summary>
/// Makes the header records of our own entries: a plain ustar header where it can say everything, else with an extended
/// (pax) header before it.
/// </summary>
internal static class TarRecords
{
    private const long LargestSize = (1L << 33) - 1;
    private const long LargestTime = (1L << 33) - 1;
    private const int LargestId = (1 << 21) - 1;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Two records of zeros.</summary>
    public static ReadOnlySpan<byte> EndMark => new byte[2 * TarField.RecordBytes];

    /// <summary>The records that come before a regular file's content.</summary>
    public static byte[] ForFile(string name, long bytes, EntryAttributes attributes)
    {
        var rawName = StrictUtf8.GetBytes(name);
        if (rawName.Length == 0 || rawName.Contains((byte)0))
            throw new ArgumentException("An entry needs a name, without NUL characters.", nameof(name));
        var extended = Extended(rawName, bytes, attributes);
        var header = Header(rawName, '0', bytes, attributes);
        if (extended.Length == 0)
            return header;
        var extendedHeader = Header("././@PaxHeader"u8, 'x', extended.Length, attributes with { Mode = 0x1a4 });
        return [.. extendedHeader, .. extended, .. Padding(extended.Length), .. header];
    }

    public static ReadOnlySpan<byte> Padding(long bytes) =>
        new byte[TarField.RecordBytes].AsSpan(0, (int)(-bytes & (TarField.RecordBytes - 1)));

    private static byte[] Extended(byte[] name, long bytes, EntryAttributes attributes)
    {
        using var records = new MemoryStream();
        if (name.Length > 100 || !Ascii.IsValid(name))
            AddRecord(records, "path", name);
        if (bytes > LargestSize)
            AddNumber(records, "size", bytes);
        if ((uint)attributes.OwnerId > LargestId)
            AddNumber(records, "uid", (uint)attributes.OwnerId);
        if ((uint)attributes.GroupId > LargestId)
            AddNumber(records, "gid", (uint)attributes.GroupId);
        if (attributes.ModifiedAt.ToUnixTimeSeconds() is < 0 or > LargestTime)
            AddNumber(records, "mtime", attributes.ModifiedAt.ToUnixTimeSeconds());
        return records.ToArray();
    }

    private static void AddNumber(MemoryStream records, string key, long value) =>
        AddRecord(records, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));

    private static void AddRecord(MemoryStream records, string key, ReadOnlySpan<byte> value)
    {
        // The length counts its own digits, so adding it may need one digit more than was thought.
        var rest = key.Length + value.Length + 3;
        var length = rest + rest.ToString(CultureInfo.InvariantCulture).Length;
        if (length.ToString(CultureInfo.InvariantCulture).Length > length - rest)
            length++;
        records.Write(Encoding.ASCII.GetBytes($"{length} {key}="));
        records.Write(value);
        records.Write("\n"u8);
    }

    private static byte[] Header(ReadOnlySpan<byte> name, char type, long bytes, EntryAttributes attributes)
    {
        var record = new byte[TarField.RecordBytes];
        name[..Math.Min(name.Length, 100)].CopyTo(record.AsSpan(TarField.Name));
        Octal(record.AsSpan(TarField.Mode), attributes.Mode & 0xfff);
        Octal(record.AsSpan(TarField.OwnerId), Fitting((uint)attributes.OwnerId, LargestId));
        Octal(record.AsSpan(TarField.GroupId), Fitting((uint)attributes.GroupId, LargestId));
        Octal(record.AsSpan(TarField.Size), Fitting(bytes, LargestSize));
        Octal(record.AsSpan(TarField.ModifiedAt), Fitting(attributes.ModifiedAt.ToUnixTimeSeconds(), LargestTime));
        record[TarField.Type] = (byte)type;
        "ustar\0"u8.CopyTo(record.AsSpan(TarField.Magic));
        "00"u8.CopyTo(record.AsSpan(TarField.Version));
        record.AsSpan(TarField.Checksum).Fill((byte)' ');
        var sum = 0;
        foreach (var value in record)
            sum += value;
        Octal(record.AsSpan(TarField.Checksum)[..7], sum);
        return record;
    }

    /// <summary>What does not fit stands in the extended header; programs that cannot read that see 0.</summary>
    private static long Fitting(long value, long largest) => value >= 0 && value <= largest ? value : 0;

    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3)
            field[i] = (byte)('0' + (value & 7));
        field[^1] = 0;
    }
}
