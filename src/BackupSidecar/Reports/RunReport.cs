using BackupSidecar.Configuration;

namespace BackupSidecar.Reports;

/// <summary>The one terminal state of a run, and the program's exit code for it.</summary>
internal enum RunOutcome
{
    Succeeded = 0,
    Failed = 1,

    /// <summary>The configuration or the world around cannot be used; nothing was touched.</summary>
    NotStarted = 2,

    /// <summary>An archive is stored, but a source or a store failed.</summary>
    Partial = 3,

    /// <summary>Another run holds the lock.</summary>
    Locked = 4,

    /// <summary>A backup was refused: corrupt, wrong key, not authenticated.</summary>
    Refused = 5,

    Interrupted = 130,
}

/// <summary>The kinds of run, by the words that reports and the lock use.</summary>
internal static class RunKind
{
    public const string Backup = "backup";
    public const string Restore = "restore";
    public const string Prune = "prune";
    public const string Verify = "verify";
}

/// <summary>What became of one source. <see cref="Problem"/> is null if all of it was taken.</summary>
internal sealed record SourceReport(string Kind, string EntryName, long Bytes, long Entries, string? Problem)
{
    /// <summary>Rows, documents or keys in a dump, all together; null where nobody counted.</summary>
    public long? Records { get; init; }
}

/// <summary>What became of the archive in one store. <see cref="Problem"/> is null if it is stored and committed there.</summary>
internal sealed record StoreReport(string Store, string Location, string? Problem)
{
    /// <summary>How the copy was compared with what was sent; null where nothing is stored.</summary>
    public UploadCheck? Checked { get; init; }

    /// <summary>How many older backups retention removed there, and kept; null where it did not run.</summary>
    public int? Removed { get; init; }

    public int? Kept { get; init; }
}

/// <summary>What happened in one run, as values: the same truth for the log, the history, the exit code and who is notified.</summary>
internal sealed record RunReport
{
    /// <summary>A UUID; the same on every message about this run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>One of <see cref="RunKind"/>.</summary>
    public required string Kind { get; init; }

    public required string BackupName { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required RunOutcome Outcome { get; init; }

    /// <summary>The local timestamp of the archive that was made or used, or null.</summary>
    public string? Timestamp { get; init; }

    public string? Archive { get; init; }

    /// <summary>Bytes of the archive as stored.</summary>
    public long? ArchiveBytes { get; init; }

    public IReadOnlyList<SourceReport> Sources { get; init; } = [];

    public IReadOnlyList<StoreReport> Stores { get; init; } = [];

    /// <summary>What a verification looked at, in the order in which it did; of a backup, older copies that it read and found to be bad.</summary>
    public IReadOnlyList<VerifiedCopy> Verified { get; init; } = [];

    /// <summary>Older backups that stores had missed and have now.</summary>
    public IReadOnlyList<MadeUpCopy> MadeUp { get; init; } = [];

    /// <summary>From the first stop to the last start; null where nothing was stopped.</summary>
    public TimeSpan? ServicesStoppedFor { get; init; }

    /// <summary>Why a person has to look at the backup, although it was stored: a sentence each, which stands among the problems as well.</summary>
    public IReadOnlyList<string> Attention { get; init; } = [];

    /// <summary>Everything that went wrong, one sentence each; empty for a run that succeeded.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public TimeSpan Duration => FinishedAt - StartedAt;

    /// <summary>The report with known secrets masked: what programs and servers said may hold one, and reports go to others.</summary>
    public RunReport Masked(Redactor redactor)
    {
        return this with
        {
            Problems = [.. Problems.Select(redactor.Redact)],
            Warnings = [.. Warnings.Select(redactor.Redact)],
            Attention = [.. Attention.Select(redactor.Redact)],
            Sources = [.. Sources.Select(source => source with { Problem = Mask(source.Problem) })],
            Stores = [.. Stores.Select(store => store with { Problem = Mask(store.Problem) })],
            Verified = [.. Verified.Select(copy => copy with { Problem = Mask(copy.Problem) })],
        };

        string? Mask(string? text) => text is null ? null : redactor.Redact(text);
    }
}
