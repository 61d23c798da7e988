using System.Buffers.Binary;
using System.Text;
using BackupSidecar.Archives.Tar;

namespace BackupSidecar.Tests.Archives;

/// <summary>Tar records made by hand, for what no tar program would write.</summary>
internal static class TarStream
{
    public static byte[] End => new byte[1024];

    public static byte[] Header(string name, char type = '0', string size = "00000000000", Action<byte[]>? change = null)
    {
        var record = new byte[512];
        Put(record, 0, name);
        Put(record, 100, "0000644\0");
        Put(record, 108, "0000000\0");
        Put(record, 116, "0000000\0");
        Put(record, 124, size);
        Put(record, 136, "00000000000\0");
        record[156] = (byte)type;
        Put(record, 257, "ustar\0" + "00");
        change?.Invoke(record);
        return WithChecksum(record);
    }

    public static byte[] WithChecksum(byte[] record)
    {
        record.AsSpan(148, 8).Fill((byte)' ');
        Put(record, 148, Convert.ToString(record.Sum(value => value), 8).PadLeft(6, '0') + "\0");
        return record;
    }

    /// <summary>A header of another kind with a body, padded.</summary>
    public static byte[] Extended(char type, string body)
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        var padded = new byte[(bytes.Length + 511) / 512 * 512];
        bytes.CopyTo(padded, 0);
        return [.. Header("extended", type, Convert.ToString(bytes.Length, 8).PadLeft(11, '0')), .. padded];
    }

    public static string Pax(params (string Key, string Value)[] records) => string.Concat(records.Select(record =>
    {
        var rest = $" {record.Key}={record.Value}\n";
        var length = rest.Length + 1;
        while (length != rest.Length + length.ToString().Length)
            length++;
        return length + rest;
    }));

    public static string Binary(Int128 value)
    {
        var field = new byte[16];
        BinaryPrimitives.WriteInt128BigEndian(field, value);
        field[4] = (byte)(value < 0 ? 0xff : field[4] | 0x80);
        return Encoding.Latin1.GetString(field, 4, 12);
    }

    /// <summary>The first entry's header.</summary>
    public static TarHeader? First(params byte[][] parts) => new TarParser(new MemoryStream([.. parts.SelectMany(part => part)])).Next();

    private static void Put(byte[] record, int position, string text) => Encoding.Latin1.GetBytes(text).CopyTo(record, position);
}
