using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace BackupSidecar.Scheduling;

/// <summary>
/// Spreads the runs of many sidecars that have the same schedule, so that they do not all come to one server in the same second. The
/// backup's name decides, and nothing of the machine: a sidecar keeps its time when it is updated or moves.
/// </summary>
internal static class ScheduleSpread
{
    private const string Purpose = "backup-sidecar schedule spread v1:";

    /// <summary>How much later than its schedule a backup of this name runs: whole seconds, below the window.</summary>
    public static TimeSpan Of(string backupName, TimeSpan window)
    {
        if (window == TimeSpan.Zero)
            return TimeSpan.Zero;
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(Purpose + backupName));
        var share = BinaryPrimitives.ReadUInt32BigEndian(digest) / (double)(1L << 32);
        return TimeSpan.FromSeconds((long)(share * window.TotalSeconds));
    }
}
