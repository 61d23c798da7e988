using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>Of the backups of one database, the newest run and the newest that succeeded in full; null where there is none.</summary>
internal sealed record PastBackups(RunReport? Last, RunReport? LastGood)
{
    /// <summary>What there is of each, by its name.</summary>
    /// <param name="history">Of all of them.</param>
    /// <param name="latest">What began after that was made while the clock was wrong, and proves nothing.</param>
    public static Func<string, PastBackups> Of(History history, DateTimeOffset latest)
    {
        var runs = history.ReadNewestFirst().Where(run => run.Kind == RunKind.Backup && run.StartedAt <= latest).ToLookup(run => run.BackupName);
        return name => new PastBackups(runs[name].FirstOrDefault(), runs[name].FirstOrDefault(run => run.Outcome == RunOutcome.Succeeded));
    }
}
