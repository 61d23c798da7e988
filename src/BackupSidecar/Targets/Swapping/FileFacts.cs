using System.Buffers.Binary;

namespace BackupSidecar.Targets.Swapping;

/// <summary>What the kernel says about a file, without following a symbolic link. Times are seconds and nanoseconds since 1970.</summary>
internal readonly record struct FileFacts(uint Mode, uint Owner, uint Group, long Seconds, uint Nanoseconds, (uint Major, uint Minor) Device)
{
    /// <summary>When it last got another content, owner, mode or name; unlike the time above, nobody can set it. The second is rounded up.</summary>
    public DateTimeOffset ChangedBy { get; init; }

    public bool IsDirectory => (Mode & 0xf000) == 0x4000;

    public bool IsFile => (Mode & 0xf000) == 0x8000;

    public uint Permissions => Mode & 0xfff;

    // The layout of statx is the same on all architectures.
    internal static FileFacts From(ReadOnlySpan<byte> statx) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(statx[28..]),
        BinaryPrimitives.ReadUInt32LittleEndian(statx[20..]),
        BinaryPrimitives.ReadUInt32LittleEndian(statx[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(statx[112..]),
        BinaryPrimitives.ReadUInt32LittleEndian(statx[120..]),
        (BinaryPrimitives.ReadUInt32LittleEndian(statx[136..]), BinaryPrimitives.ReadUInt32LittleEndian(statx[140..])))
    {
        ChangedBy = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64LittleEndian(statx[96..]) + 1),
    };
}
