using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>Why a container is, or is not, backed up because of its labels.</summary>
internal enum LabelStanding
{
    /// <summary>It is.</summary>
    BackedUp,

    /// <summary>Its labels ask for it, and cannot be used.</summary>
    Rejected,

    /// <summary>It has no labels of ours, or says no.</summary>
    NotAsked,

    /// <summary>It asks, but its labels are not read: it belongs to another Compose project.</summary>
    OutOfScope,

    /// <summary>It asks, but it was made by <c>docker compose run</c> and only has the labels of its service.</summary>
    OneOff,

    /// <summary>It asks, but another container has taken its place.</summary>
    Replaced,

    /// <summary>It asks, but has the identity of another container, which runs and was there first.</summary>
    Duplicate,
}

/// <summary>A container, and what its labels come to among all others.</summary>
internal sealed record SurveyedContainer(ContainerSummary Summary, LabelledContainer Container, LabelStanding Standing, LabelReading Reading)
{
    /// <summary>What a person should know of it beside its labels.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = Reading.Remarks;

    /// <summary>Why it is not backed up although it asks for that and would be followed, with what to do; null where that is not so.</summary>
    public string? Refusal { get; init; } = Standing == LabelStanding.Rejected ? string.Join(' ', Reading.Problems) : null;

    /// <summary>Whether its labels are read.</summary>
    public bool IsInScope { get; init; } = true;

    /// <summary>Whether a dump can be made of it now. A paused one runs, and answers nobody.</summary>
    public bool IsRunning => Summary.State is "running";

    /// <summary>Whether it has not come to its end.</summary>
    public bool IsLive => Summary.State is "running" or "paused" or "restarting";
}
