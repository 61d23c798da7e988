using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>Whether what will be unpacked has room. Places on the same file system share it.</summary>
internal static class FreeSpace
{
    /// <summary>One part in so many of a file system stays free.</summary>
    private const int ReservedPart = 100;

    /// <param name="needs">Folders that exist, and how many bytes each is to take.</param>
    /// <exception cref="RestoreException">There is not enough; the message names needed and free bytes.</exception>
    public static void Check(IEnumerable<(string Place, long Bytes)> needs)
    {
        foreach (var group in needs.GroupBy(need => Posix.Find(new RawPath(need.Place))?.Device))
        {
            // Nobody vouches for some manifests, and the sum of what they say need not fit a number of bytes.
            var (place, needed) = (group.First().Place, group.Sum(need => (decimal)need.Bytes));
            var free = new DriveInfo(place).AvailableFreeSpace;
            if (needed > free)
                throw TooLittle(place, (long)Math.Min(needed, long.MaxValue), free);
        }
    }

    /// <summary>
    /// For an entry of an archive without a manifest, which nothing bounds but the disk: it must fit into what is free just now,
    /// and leave something of that to the others who use the disk.
    /// </summary>
    /// <exception cref="RestoreException">It does not.</exception>
    public static void CheckEntry(string folder, long bytes)
    {
        var drive = new DriveInfo(folder);
        var free = drive.AvailableFreeSpace - (drive.TotalSize / ReservedPart);
        if (bytes > free)
            throw TooLittle(folder, bytes, Math.Max(0, free));
    }

    private static RestoreException TooLittle(string place, long needed, long free) =>
        new($"There is not enough room to unpack below {place}: {ReportText.Size(needed)} are needed, {ReportText.Size(free)} are free. Nothing was touched.");
}
