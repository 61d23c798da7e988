using BackupSidecar.Backrest.Plans;
using BackupSidecar.Discovery;

namespace BackupSidecar.Backrest;

/// <summary>What restic is told to forget of one container's snapshots, by its own <c>backrest.keep</c> label.</summary>
internal static class ForgetArguments
{
    private static readonly Dictionary<string, string> Options = new(StringComparer.OrdinalIgnoreCase)
    {
        ["last"] = "--keep-last",
        ["hourly"] = "--keep-hourly",
        ["daily"] = "--keep-daily",
        ["weekly"] = "--keep-weekly",
        ["monthly"] = "--keep-monthly",
        ["yearly"] = "--keep-yearly",
        ["within"] = "--keep-within",
        ["within-h"] = "--keep-within-hourly",
        ["within-d"] = "--keep-within-daily",
        ["within-w"] = "--keep-within-weekly",
        ["within-m"] = "--keep-within-monthly",
        ["within-y"] = "--keep-within-yearly",
    };

    /// <summary>Where restic finds the container's files.</summary>
    public static string PathOf(PlannedContainer container, string prefix, bool includesProject)
    {
        var service = container.Service ?? container.Name;
        var project = includesProject && container.Project is not null ? $"/{container.Project}" : "";
        return $"{prefix.TrimEnd('/')}{project}/{service}";
    }

    /// <summary>The arguments, or null where nothing is to be forgotten.</summary>
    /// <param name="keep">The text of the label.</param>
    /// <param name="path">Of the container's files.</param>
    /// <param name="groupBy">What restic groups by.</param>
    /// <param name="problem">What is wrong with the label; then there are no arguments.</param>
    public static IReadOnlyList<string>? From(string keep, string path, string groupBy, out string? problem)
    {
        problem = null;
        var kept = new List<string>();
        foreach (var entry in BackrestLabels.Split(keep))
        {
            if (entry.ToLowerInvariant() is "all" or "all=true")
                return null;
            var pair = entry.Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair is not [var key, { Length: > 0 } value] || !Options.TryGetValue(key, out var option) || value.StartsWith('-') || value.Any(char.IsWhiteSpace))
            {
                problem = $"{BackrestLabels.KeepLabel}: '{entry}' is not understood, so nothing of it is forgotten. Example: daily=7,weekly=4";
                return null;
            }
            if (value != "0")
                kept.AddRange([option, value]);
        }
        return kept.Count == 0 ? null : ["restic", "forget", "--group-by", groupBy, "--path", path, .. kept, "--prune"];
    }
}
