namespace BackupSidecar.Backrest.Plans;

/// <summary>
/// A plan of Backrest's: what of it labels decide. Paths and patterns are sorted and stand once each, as Backrest itself keeps them.
/// </summary>
internal sealed record BackrestPlan
{
    public required string Id { get; init; }

    public required string Repo { get; init; }

    /// <summary>As Backrest sees them.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Five fields, in the local time of Backrest.</summary>
    public required string Cron { get; init; }

    /// <summary>Null keeps everything.</summary>
    public PlanRetention? Retention { get; init; }

    /// <summary>In the order in which they run.</summary>
    public IReadOnlyList<CommandHook> Hooks { get; init; } = [];
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
