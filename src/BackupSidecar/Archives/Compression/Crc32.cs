using System.Buffers.Binary;

namespace BackupSidecar.Archives.Compression;

/// <summary>The checksum of gzip (CRC-32, reflected polynomial EDB88320), by ISA-L or sixteen bytes at a time by table.</summary>
internal static class Crc32
{
    private const int Slices = 16;
    private static readonly uint[] Table = MakeTable();

    /// <summary>Continues the checksum of what came before (0 at the start) with these bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes) => IsalLibrary.IsInstalled && !bytes.IsEmpty
        ? IsalLibrary.Crc32(crc, bytes, (ulong)bytes.Length)
        : AppendByTable(crc, bytes);

    /// <summary>The same without ISA-L.</summary>
    public static uint AppendByTable(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        ReadOnlySpan<uint> table = Table;
        while (bytes.Length >= Slices)
        {
            var a = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            var c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            var d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            crc = Look(table, 15, a) ^ Look(table, 11, b) ^ Look(table, 7, c) ^ Look(table, 3, d);
            bytes = bytes[Slices..];
        }
        foreach (var value in bytes)
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    /// <summary>Four bytes, of which the first is so many bytes before the end of the slice.</summary>
    private static uint Look(ReadOnlySpan<uint> table, int slice, uint four) =>
        table[(slice << 8) | (byte)four]
        ^ table[((slice - 1) << 8) | (byte)(four >> 8)]
        ^ table[((slice - 2) << 8) | (byte)(four >> 16)]
        ^ table[((slice - 3) << 8) | (byte)(four >> 24)];

    private static uint[] MakeTable()
    {
        var table = new uint[Slices * 256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }
        for (var i = 256; i < table.Length; i++)
            table[i] = table[(byte)table[i - 256]] ^ (table[i - 256] >> 8);
        return table;
    }
}
