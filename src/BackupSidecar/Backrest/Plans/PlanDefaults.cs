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

    /// <summary>Prefixes of others that begin with ours and go on: the plans that begin with them are theirs.</summary>
    public IReadOnlyList<string> LongerPrefixes { get; init; } = [];

    /// <summary>Whether a plan is ours, by its name. Without a prefix none can be told to be.</summary>
    public bool IsOurs(string id) =>
        PlanId.Beginning(IdPrefix) is { Length: > 0 } beginning && id.StartsWith(beginning, StringComparison.Ordinal) && PrefixOfOthers(id) is null;

    /// <summary>The longer prefix of somebody else that a plan's name begins with, or null.</summary>
    public string? PrefixOfOthers(string id) => LongerPrefixes.FirstOrDefault(prefix => id.StartsWith(prefix, StringComparison.Ordinal));
}
