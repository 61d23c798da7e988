namespace BackupSidecar.Backrest.Plans;

/// <summary>
/// A plan of Backrest's: what of it labels decide. Paths are sorted and stand once each, as Backrest itself keeps them.
/// </summary>
internal sealed record BackrestPlan
{
    public required string Id { get; init; }

    public required string Repo { get; init; }

    /// <summary>As Backrest sees them.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>See <see cref="Arranged"/>.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Five fields, in the local time of Backrest.</summary>
    public required string Cron { get; init; }

    /// <summary>Null keeps everything.</summary>
    public PlanRetention? Retention { get; init; }

    /// <summary>In the order in which they run.</summary>
    public IReadOnlyList<CommandHook> Hooks { get; init; } = [];

    /// <summary>Patterns that leave out are sorted, as older versions of Backrest sort them; where one takes others back (<c>!</c>), the order is what it is.</summary>
    public static IReadOnlyList<string> Arranged(IEnumerable<string> excludes)
    {
        var all = excludes.ToList();
        return all.Exists(pattern => pattern.StartsWith('!')) ? all : [.. all.Distinct().Order(StringComparer.Ordinal)];
    }
}

/// <summary>A command that Backrest runs on some occasions. <see cref="OnError"/> is its policy if the command fails; null: none.</summary>
internal sealed record CommandHook(IReadOnlyList<string> Conditions, string Command, string? OnError = null)
{
    public const string SnapshotStart = "CONDITION_SNAPSHOT_START";
    public const string SnapshotEnd = "CONDITION_SNAPSHOT_END";

    /// <summary>The only one that is told if a backup fails before restic runs.</summary>
    public const string SnapshotError = "CONDITION_SNAPSHOT_ERROR";

    public const string Fatal = "ON_ERROR_FATAL";
    public const string Ignore = "ON_ERROR_IGNORE";
}
