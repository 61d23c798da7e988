using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>
/// Gives every backup a second of its own. Several containers may have databases of one name, and be due in the same moment: a store
/// that refuses the second of two equal names does so only when its dump is over.
/// </summary>
internal static class NameClock
{
    private const int LongestTime = 20;

    /// <summary>The time of a name that begins as <paramref name="wanted"/> does: its own, or the next after that of the last one.</summary>
    /// <param name="stateDirectory">Where it is kept which were given.</param>
    /// <param name="wanted">The name of the second that has just begun.</param>
    public static DateTimeOffset Take(string stateDirectory, ArtefactName wanted)
    {
        var folder = Directory.CreateDirectory(Path.Combine(stateDirectory, "names")).FullName;
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted.Beginning)))[..16];
        using var file = PosixFiles.OpenShared(Path.Combine(folder, key), mayCreate: true);
        PosixFiles.Lock(file);
        var time = new DateTimeOffset(wanted.LocalTime, TimeSpan.Zero);
        // A clock that was wrong for a while must not date all later backups.
        if (Read(file) is { } last && last >= time && last - time < TimeSpan.FromMinutes(1))
            time = last.AddSeconds(1);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture).PadRight(LongestTime)), 0);
        return time;
    }

    private static DateTimeOffset? Read(Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        var bytes = new byte[LongestTime];
        var text = Encoding.ASCII.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
        return long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 1L << 36
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
    }
}
