using BackupSidecar.Planning;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>Which backup was last found good by a verification, in a sentence, and whether that is too long ago.</summary>
internal sealed record VerifiedAge(string Text, bool IsOverdue)
{
    /// <summary>
    /// Overdue is the verification of a good backup that waits for it, where two that were due since have not found it, nor any
    /// newer one, good. Before there is a backup nothing is overdue, and one missed verification is none yet.
    /// </summary>
    public static VerifiedAge Of(Composition program, DateTimeOffset now)
    {
        var newest = new PastVerifications(program.Verifications.ReadNewestFirst()).All
            .Where(past => past.Copy.Result == VerificationResult.Good)
            .Select(past => (Past: past, Name: NameOf(past.Copy.Archive, program)))
            .Where(each => each.Name is not null)
            .OrderBy(each => each.Name!.LocalTime).ThenBy(each => each.Past.Copy.Level)
            .LastOrDefault();
        var text = newest.Name is null
            ? "Verified: no backup yet."
            : $"Verified: {newest.Name.FileName}, {ReportText.Word(newest.Past.Copy.Level)}, at {HealthCommand.Local(newest.Past.At, program)}.";
        if (program.VerifySchedule is not { } schedule)
            return new VerifiedAge($"{text} No verification is scheduled.", IsOverdue: false);
        if (Waiting(program, newest.Name, now) is not { } waiting)
            return new VerifiedAge($"{text} The next verification is due at {HealthCommand.Local(schedule.Next(now), program)}.", IsOverdue: false);
        var since = new[] { waiting.FinishedAt, ScheduleInForce.Since(program, ScheduleInForce.OfVerifications) ?? now }.Max();
        var first = schedule.Next(since);
        var second = schedule.Next(first);
        return now <= second + ((second - first) / 2)
            ? new VerifiedAge($"{text} The next verification is due at {HealthCommand.Local(schedule.Next(now), program)}.", IsOverdue: false)
            : new VerifiedAge(
                $"{text} No newer backup was found good by a verification since, although two were due from {HealthCommand.Local(first, program)} on. Look at the log, or run: backup-sidecar verify --scheduled",
                IsOverdue: true);
    }

    /// <summary>The oldest good backup that is newer than the newest verified one.</summary>
    private static RunReport? Waiting(Composition program, ArchiveName? newest, DateTimeOffset now) => program.History.ReadNewestFirst()
        .Where(report => report is { Kind: RunKind.Backup, Outcome: RunOutcome.Succeeded, Archive: not null } && report.FinishedAt <= now)
        .TakeWhile(report => newest is null || (NameOf(report.Archive!, program) is { } name && name.LocalTime > newest.LocalTime)) // Asked for above.
        .LastOrDefault();

    private static ArchiveName? NameOf(string archive, Composition program) =>
        ArchiveName.TryParse(archive, program.Settings.Name, out var name) ? name : null;
}
