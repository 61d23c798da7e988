using BackupSidecar.Configuration;

namespace BackupSidecar.Discovery;

/// <summary>
/// A database that asks by labels on its container to be backed up: what, when, and where to, within what the operator allows.
/// Everything in it was written by whoever made the container, and has been checked.
/// </summary>
internal sealed record LabelledDatabase
{
    public required string ContainerId { get; init; }

    /// <summary>Without the engine's leading slash.</summary>
    public required string ContainerName { get; init; }

    /// <summary>
    /// What stays the same when the container is made anew: <c>project/service/number</c> of Compose, else the container's name.
    /// </summary>
    public required string Identity { get; init; }

    /// <summary>
    /// The name of another container that says it is this one, and so might share its backups; null if there is none. Nothing is pruned
    /// meanwhile.
    /// </summary>
    public string? Rival { get; init; }

    /// <summary>With what to do about it; null where it may be pruned.</summary>
    public string? WhyNotPruned => Rival is null ? null
        : $"by its labels {Rival} is the same container as {ContainerName} ({Identity}), and one of them must not remove the backups of the other. If it is not needed: docker rm {Rival}";

    /// <summary>"postgres", "mysql", "mongodb" or "redis".</summary>
    public required string Kind { get; init; }

    /// <summary>
    /// What its tools connect to; never shown. Its tools may run in the labelled container and in no other: where the host is not known
    /// as that container, its options say <see cref="DumpVia.Client"/>.
    /// </summary>
    public required DatabaseUri Uri { get; init; }

    /// <summary>What stands for the database in names of files: only letters, digits, '.', '-' and '_', and nothing of a user or a password.</summary>
    public required string Database { get; init; }

    /// <summary>The schedule as it was written.</summary>
    public required string Cron { get; init; }

    /// <summary>Names of stores: "local", "s3". One at least, each of which is configured.</summary>
    public required IReadOnlyList<string> Stores { get; init; }

    /// <summary>The folder in the stores, "" or <c>one/two</c>: no slash at its ends, no part of it "." or "..".</summary>
    public string Prefix { get; init; } = "";

    /// <summary>How long its backups are kept; null for the operator's own.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>
    /// Who is told in place of the operator's webhook; null for that. What it may be is checked as far as its text tells: where its host's
    /// address is private, only whoever connects can see that.
    /// </summary>
    public Secret? Webhook { get; init; }
}
