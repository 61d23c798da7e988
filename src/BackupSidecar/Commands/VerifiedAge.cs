using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;

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
        // What a clock that was wrong has dated ahead proves nothing.
        var good = new PastVerifications(program.Verifications.ReadNewestFirst().Where(report => report.FinishedAt <= now + HealthCommand.ClockTolerance)).All
            .Where(past => past.Copy.Result == VerificationResult.Good)
            .Select(past => (Past: past, Name: NameOf(past.Copy.Archive, program)))
            .Where(each => each.Name is not null)
            .OrderBy(each => each.Name!.LocalTime).ThenBy(each => each.Past.Copy.Level)
            .ToList();
        var newest = good.LastOrDefault();
        var text = Describe(program, good.ConvertAll(each => each.Past));
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

    /// <summary>
    /// Names the newest that is of use: not one that needs attention, nor one of which the local folder has no file any more. No server is asked for its
    /// files. And tells of what is refused.
    /// </summary>
    private static string Describe(Composition program, List<PastVerification> good)
    {
        BackupMarks marks;
        try
        {
            marks = program.Marks.Read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"Verified: nobody knows. {failure.Message}";
        }
        var newest = good.LastOrDefault(past => marks.OfBackup(past.Copy.Archive) is not { IsOpen: true }
            && marks.OfCopy(past.Copy.Archive, past.Copy.Store) is null
            && IsThere(past.Copy, program));
        var text = newest is not null
            ? $"Verified: {newest.Copy.Archive}, {ReportText.Word(newest.Copy.Level)}, at {HealthCommand.Local(newest.At, program)}."
            : good.Count > 0 ? "Verified: no backup that is still there." : "Verified: no backup yet.";
        var refused = marks.All.Where(mark => mark is { IsOpen: true, Store: not null }).Select(mark => $"{mark.Archive} in the store '{mark.Store}'").ToList();
        return refused.Count == 0 ? text
            : $"{text} {refused[^1]} is REFUSED{(refused.Count > 1 ? $", and so are {refused.Count - 1} more" : "")}. Look at: backup-sidecar list.";
    }

    private static bool IsThere(VerifiedCopy copy, Composition program) =>
        copy.Store != StoreName.Local
        || (program.Stores.FirstOrDefault(store => store.Name == StoreName.Local) is { } local && File.Exists(Path.Combine(local.Location, copy.Archive)));

    /// <summary>The oldest good backup that is newer than the newest verified one.</summary>
    private static RunReport? Waiting(Composition program, ArchiveName? newest, DateTimeOffset now) => program.History.ReadNewestFirst()
        .Where(report => report is { Kind: RunKind.Backup, Outcome: RunOutcome.Succeeded, Archive: not null } && report.FinishedAt <= now)
        .TakeWhile(report => newest is null || (NameOf(report.Archive!, program) is { } name && name.LocalTime > newest.LocalTime)) // Asked for above.
        .LastOrDefault();

    private static ArchiveName? NameOf(string archive, Composition program) =>
        ArchiveName.TryParse(archive, program.Settings.Name, out var name) ? name : null;
}
