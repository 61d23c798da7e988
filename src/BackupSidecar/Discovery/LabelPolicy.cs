namespace BackupSidecar.Discovery;

/// <summary>What the operator allows labels to ask for.</summary>
internal sealed record LabelPolicy
{
    /// <summary>The stores that are configured: "local", "s3".</summary>
    public required IReadOnlySet<string> Stores { get; init; }

    /// <summary>The folder of a store that archives have to themselves; null if none are made.</summary>
    public string? ArchiveFolder { get; init; }

    /// <summary>Whether backup.webhook may be an address of a private network, or without TLS.</summary>
    public bool AllowsPrivateWebhooks { get; init; }

    /// <summary>What is wrong with a schedule, or null.</summary>
    public Func<string, string?> ScheduleProblem { get; init; } = _ => null;
}
