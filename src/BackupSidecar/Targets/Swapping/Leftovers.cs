using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Targets.Swapping;

/// <summary>What a killed restore left in a directory: an exchange that was under way is rolled back, the rest is removed. Every step is logged.</summary>
internal static class Leftovers
{
    /// <param name="directory">Where to look; not below it.</param>
    /// <param name="current">The ID of the restore that is under way, whose own folders stay; or null.</param>
    /// <param name="log">Told of every step.</param>
    public static async Task ClearAsync(string directory, string? current, ILogger log)
    {
        if (!Directory.Exists(directory))
            return;
        var names = Names(directory, current);
        foreach (var id in Ids(names, OwnNames.Old))
        {
            log.LogWarning("A restore was interrupted in {Directory}: putting back what was there before it (from {Old})", directory, OwnNames.Old + id);
            await new Swap(directory, id).RollBackAsync();
        }
        foreach (var name in Ids(names, OwnNames.Done).Select(id => OwnNames.Done + id).Concat(Names(directory, current).Where(name => name.StartsWith(OwnNames.Restore, StringComparison.Ordinal))))
        {
            log.LogInformation("Removing what an earlier restore left: {Path}", Path.Combine(directory, name));
            await Tree.RemoveAsync(Path.Combine(directory, name));
        }
        foreach (var id in Ids(names, OwnNames.Replaced))
        {
            log.LogWarning(
                "A merging restore was interrupted; what it had replaced stands in {Path}. Remove that folder once nothing in it is needed",
                Path.Combine(directory, OwnNames.Replaced + id));
        }
    }

    // Several files of one directory are restored by one run, each under its own number after the run's ID.
    private static List<string> Names(string directory, string? current) =>
        [.. Posix.List(new RawPath(directory)).Select(name => Encoding.UTF8.GetString(name.Bytes))
            .Where(name => current is null || !name.Contains(current.Split('.')[0], StringComparison.Ordinal))];

    private static IEnumerable<string> Ids(IReadOnlyList<string> names, string prefix) =>
        names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);
}
