using Microsoft.Extensions.Logging;

namespace BackupSidecar.Configuration.Backrest;

/// <summary>How Backrest comes to know that its configuration has changed.</summary>
internal enum ApplyMode
{
    /// <summary>Not by us.</summary>
    Off,

    /// <summary>By a restart of its container.</summary>
    Restart,

    /// <summary>The change is made by Backrest itself, over its API.</summary>
    Api,
}

/// <summary>Everything that the operator said about Backrest, parsed. The texts that follow rules of Backrest's are checked there.</summary>
internal sealed record BackrestSettings
{
    public required string ConfigFile { get; init; }

    public ApplyMode Apply { get; init; }

    /// <summary>Name or id of Backrest's container, or its Compose service.</summary>
    public required string Container { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Whether plans whose container is gone are removed.</summary>
    public bool Prune { get; init; }

    public required Uri DockerHost { get; init; }

    public required string DockerRoot { get; init; }

    public required string VolumePrefix { get; init; }

    /// <summary>Null if the operator named none.</summary>
    public string? DefaultRepo { get; init; }

    public required string DefaultSchedule { get; init; }

    public required string DefaultRetention { get; init; }

    public required string PlanIdPrefix { get; init; }

    public bool IncludeProjectName { get; init; }

    public bool ExcludeBindMounts { get; init; }

    /// <summary>How long Backrest gets to stop by itself.</summary>
    public TimeSpan RestartTimeout { get; init; }

    /// <summary>How long what Backrest has begun is waited for before it is restarted.</summary>
    public TimeSpan RestartWait { get; init; }

    public TimeSpan Interval { get; init; }

    public bool WithEvents { get; init; }

    public required ApiSettings Api { get; init; }

    public required BackupOnceSettings Once { get; init; }

    public required string StateDirectory { get; init; }

    public required EventLogSettings Log { get; init; }

    /// <summary>Masks what is secret in all this.</summary>
    public required Redactor Redactor { get; init; }
}

/// <summary>The form of the log of events, and the least that is told.</summary>
internal sealed record EventLogSettings(LogFormat Format, LogLevel Minimum);

/// <summary>Where Backrest's own API is, and who asks.</summary>
internal sealed record ApiSettings(Uri Url, string User, Secret? Password);

/// <summary>One backup by restic in a container of its own.</summary>
internal sealed record BackupOnceSettings
{
    public required string Image { get; init; }

    /// <summary>NAME=value for the container, as its file has them.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>What in that file may be meant otherwise; sentences without any of its content.</summary>
    public IReadOnlyList<string> Doubts { get; init; } = [];

    /// <summary>What is mounted into the container besides the engine: SOURCE:PATH, or SOURCE:PATH:OPTIONS.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>What containers that stand still meanwhile carry: a label, or a label and its value.</summary>
    public required string QuiesceLabel { get; init; }

    public TimeSpan QuiesceTimeout { get; init; }

    /// <summary>What restic groups snapshots by when it forgets.</summary>
    public required string GroupBy { get; init; }

    /// <summary>Where the volumes lie for restic.</summary>
    public required string PathPrefix { get; init; }
}
