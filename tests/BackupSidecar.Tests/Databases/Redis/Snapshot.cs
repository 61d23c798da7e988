using System.Buffers.Binary;
using BackupSidecar.Databases;

namespace BackupSidecar.Tests.Databases.Redis;

/// <summary>Snapshots (RDB) made by hand, for what a server at hand does not write.</summary>
internal static class Snapshot
{
    /// <summary>What a server that sends without a disk puts behind it in a pipe.</summary>
    public static byte[] Mark { get; } = "33847cf12d1eadae2c8f8dd916c0f6163eae52f0"u8.ToArray();

    /// <summary>Two keys in db0, one of them with a time to live, and one in db3.</summary>
    public static byte[] Body { get; } =
    [
        .. "REDIS0010"u8,
        0xFA, 9, .. "redis-ver"u8, 5, .. "7.0.1"u8,
        0xF5, 3, .. "lib"u8,
        0xFE, 0, 0xFB, 2, 1,
        0, 1, .. "a"u8, 0xC0, 7,
        0xFC, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, .. "b"u8, 0x40, 3, .. "xyz"u8,
        0xFE, 3, 0xFB, 1, 0,
        4, 1, .. "h"u8, 1, 1, .. "f"u8, 0xC3, 2, 5, 0xAA, 0xBB,
        0xFF,
    ];

    public static byte[] Whole { get; } = WithChecksum(Body);

    public static byte[] WithChecksum(byte[] body)
    {
        var checksum = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, Crc64.Jones.Append(0, body));
        return [.. body, .. checksum];
    }
}
