using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>healthcheck</c>: whether the last good backup is as fresh as the schedule promises. A backup that is due gets half an
/// interval, and the time that the last one took, before it counts as missing. And whether verifications are as the other schedule
/// promises, and whether services stand still because of us.
/// </summary>
internal static class HealthCommand
{
    /// <summary>A backup that is further ahead of the clock than this was made while the clock was wrong, and proves nothing.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        if (Standstill.Describe(program) is { } standstill)
        {
            await Console.Out.WriteLineAsync($"Unhealthy: {standstill}");
            return (int)RunOutcome.Failed;
        }
        var now = program.Time.GetUtcNow();
        var (isFresh, backups) = Backups(program, now);
        var verified = VerifiedAge.Of(program, now);
        var isHealthy = isFresh && !verified.IsOverdue;
        await Console.Out.WriteLineAsync($"{(isHealthy ? "Healthy" : "Unhealthy")}: {backups}\n{verified.Text}");
        return isHealthy ? (int)RunOutcome.Succeeded : (int)RunOutcome.Failed;
    }

    private static (bool IsFresh, string Text) Backups(Composition program, DateTimeOffset now)
    {
        if (program.Schedule is not { } schedule)
        {
            return (true, program.Settings.Labels is null
                ? "no schedule is set, so no backup is overdue."
                : "the program runs. Whether backups of labelled databases are overdue is not looked at here: backup-sidecar list shows them.");
        }
        var last = program.History.LastGoodBackup(now + ClockTolerance);
        var since = new[] { last?.StartedAt, ScheduleInForce.Since(program, ScheduleInForce.OfBackups) }.Max() ?? now;
        var due = schedule.Next(since);
        var limit = due + ((schedule.Next(due) - due) / 2) + (last?.Duration ?? TimeSpan.Zero);
        var name = last is null ? "No good backup is known here yet" : $"The last good backup is {last.Archive}";
        return now <= limit
            ? (true, $"{name}; the next is due at {Local(due, program)}.")
            : (false, $"{name}; one was due at {Local(due, program)} and is missing. Look at the log, or run: backup-sidecar check");
    }

    /// <summary>A time as people here read it.</summary>
    public static string Local(DateTimeOffset time, Composition program) =>
        $"{TimeZoneInfo.ConvertTime(time, program.Settings.TimeZone):yyyy-MM-dd HH:mm} ({program.Settings.TimeZone.Id})";
}
