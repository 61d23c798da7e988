using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>Whether what will be unpacked has room. Places on the same file system share it.</summary>
internal static class FreeSpace
{
    /// <param name="needs">Folders that exist, and how many bytes each is to take.</param>
    /// <exception cref="RestoreException">There is not enough; the message names needed and free bytes.</exception>
    public static void Check(IEnumerable<(string Place, long Bytes)> needs)
    {
        foreach (var group in needs.GroupBy(need => Posix.Find(new RawPath(need.Place))?.Device))
        {
            var (place, needed) = (group.First().Place, group.Sum(need => need.Bytes));
            var free = new DriveInfo(place).AvailableFreeSpace;
            if (needed > free)
                throw new RestoreException($"There is not enough room to unpack below {place}: {ReportText.Size(needed)} are needed, {ReportText.Size(free)} are free. Nothing was touched.");
        }
    }
}
