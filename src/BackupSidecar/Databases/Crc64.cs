using System.Buffers.Binary;

namespace BackupSidecar.Databases;

/// <summary>A checksum of 64 bits, reflected, eight bytes at a time by table. What it begins with and ends as is the caller's.</summary>
internal sealed class Crc64
{
    private const int Slices = 8;

    private readonly ulong[] _table = new ulong[Slices * 256];

    private Crc64(ulong polynomial)
    {
        for (ulong i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? polynomial ^ (value >> 1) : value >> 1;
            _table[i] = value;
        }
        for (var i = 256; i < _table.Length; i++)
            _table[i] = _table[(byte)_table[i - 256]] ^ (_table[i - 256] >> 8);
    }

    /// <summary>The one that Redis writes at the end of its snapshots: begins with 0.</summary>
    public static Crc64 Jones { get; } = new(0x95AC9329AC4BC9B5);

    /// <summary>The one that mongodump writes behind each collection: begins with all ones, and is inverted at its end.</summary>
    public static Crc64 Ecma { get; } = new(0xC96C5795D7870F42);

    /// <summary>The one that S3 servers compute over objects: begins with all ones, and is inverted at its end.</summary>
    public static Crc64 Nvme { get; } = new(0x9A6C9329AC4BC9B5);

    /// <summary>Continues the checksum of what came before with these bytes.</summary>
    public ulong Append(ulong crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> table = _table;
        while (bytes.Length >= Slices)
        {
            crc ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc = table[0x700 | (byte)crc]
                ^ table[0x600 | (byte)(crc >> 8)]
                ^ table[0x500 | (byte)(crc >> 16)]
                ^ table[0x400 | (byte)(crc >> 24)]
                ^ table[0x300 | (byte)(crc >> 32)]
                ^ table[0x200 | (byte)(crc >> 40)]
                ^ table[0x100 | (byte)(crc >> 48)]
                ^ table[(byte)(crc >> 56)];
            bytes = bytes[Slices..];
        }
        foreach (var value in bytes)
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }
}
