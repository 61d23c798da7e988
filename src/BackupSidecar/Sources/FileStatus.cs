using System.Globalization;
using BackupSidecar.Archives;
using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>What a path is and whom it belongs to, links followed. Asked of the stat program: .NET knows neither owners nor FIFOs.</summary>
/// <param name="Type">In stat's words: "regular file", "directory", "fifo", …</param>
/// <param name="Attributes">Mode, owner and time.</param>
internal sealed record FileStatus(string Type, EntryAttributes Attributes)
{
    public bool IsRegularFile => Type is "regular file" or "regular empty file";

    private const string Denied = "Permission denied";

    /// <exception cref="SourceException">There is nothing, or it may not be seen.</exception>
    public static async Task<FileStatus> ReadAsync(string path, CancellationToken cancellation)
    {
        var command = new Command("stat", "--dereference", "--printf=%a %u %g %.9Y %F", "--", path);
        var (result, output) = await RunningProcess.RunAsync(command, cancellation);
        if (!result.Succeeded && result.LastWords.EndsWith(Denied, StringComparison.Ordinal))
            throw new SourceException($"it may not be seen ({result.LastWords}). {Capabilities.Ours.ToRead}");
        if (!result.Succeeded)
            throw new SourceException(Directory.Exists(Path.GetDirectoryName(path))
                ? $"there is no such file ({result.LastWords})"
                : "there is no such file, and not even its directory; is its volume mounted?");
        var fields = output.Split(' ', 5);
        var seconds = decimal.Parse(fields[3], NumberStyles.Float, CultureInfo.InvariantCulture);
        return new FileStatus(fields[4], new EntryAttributes(
            Convert.ToInt32(fields[0], 8),
            unchecked((int)uint.Parse(fields[1], CultureInfo.InvariantCulture)),
            unchecked((int)uint.Parse(fields[2], CultureInfo.InvariantCulture)),
            DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))));
    }
}
