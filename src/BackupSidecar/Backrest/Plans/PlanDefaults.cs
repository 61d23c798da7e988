namespace BackupSidecar.Backrest.Plans;

/// <summary>What holds for all plans unless a label says otherwise.</summary>
internal sealed record PlanDefaults
{
    public required string IdPrefix { get; init; }

    public bool IncludeProjectName { get; init; }

    public required string Schedule { get; init; }

    /// <summary>Null keeps everything.</summary>
    public PlanRetention? Retention { get; init; }

    public HostPathOptions Paths { get; init; } = new();

    /// <summary>Ids of containers that a hook must never stop: Backrest's own, and ours.</summary>
    public IReadOnlyCollection<string> NeverStopped { get; init; } = [];

    /// <summary>Whether a plan is ours, by its name. Without a prefix none can be told to be.</summary>
    public bool IsOurs(string id) =>
        PlanId.Beginning(IdPrefix) is { Length: > 0 } beginning && id.StartsWith(beginning, StringComparison.Ordinal);
}
