namespace BackupSidecar.Reports;

/// <summary>A backup that a store does not have because the store failed when it was made, as the history tells it.</summary>
internal sealed record MissedCopy(string Archive, string Store)
{
    /// <summary>
    /// What was missed and not made up for since. A copy that was there once and is gone was removed, and nobody gives it back: it is not among them.
    /// </summary>
    public static IReadOnlyList<MissedCopy> Of(IEnumerable<RunReport> history, string backupName)
    {
        var backups = history.Where(report => report.Kind == RunKind.Backup && report.BackupName == backupName).ToList();
        var madeUp = backups.SelectMany(report => report.MadeUp).Select(copy => new MissedCopy(copy.Archive, copy.Store)).ToHashSet();
        return
        [
            .. backups.Where(report => report.Archive is not null && report.Stores.Any(store => store.Problem is null))
                .SelectMany(report => report.Stores.Where(store => store.Problem is not null).Select(store => new MissedCopy(report.Archive!, store.Store))) // Asked for above.
                .Where(copy => !madeUp.Contains(copy)),
        ];
    }
}

/// <summary>A backup that a store has now, because a later run gave it what it had missed.</summary>
internal sealed record MadeUpCopy(string Archive, string Store)
{
    /// <summary>The store that it was copied from; null where it was found to be there after all.</summary>
    public string? From { get; init; }

    /// <summary>How it was compared with what was sent; null where nothing was.</summary>
    public UploadCheck? Checked { get; init; }
}
