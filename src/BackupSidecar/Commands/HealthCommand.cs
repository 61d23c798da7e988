using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>healthcheck</c>: whether the last good backup is as fresh as the schedule promises. A backup that is due gets half an
/// interval, and the time that the last one took, before it counts as missing. And whether services stand still because of us.
/// </summary>
internal static class HealthCommand
{
    /// <summary>Holds the schedule; its age is how long that has been in force.</summary>
    private const string ScheduleFile = "schedule";

    /// <summary>A backup that is further ahead of the clock than this was made while the clock was wrong, and proves nothing.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        if (Standstill.Describe(program) is { } standstill)
        {
            await Console.Out.WriteLineAsync($"Unhealthy: {standstill}");
            return (int)RunOutcome.Failed;
        }
        if (program.Schedule is not { } schedule)
        {
            await Console.Out.WriteLineAsync("Healthy: no schedule is set, so no backup is overdue.");
            return (int)RunOutcome.Succeeded;
        }
        var now = program.Time.GetUtcNow();
        var last = program.History.LastGoodBackup(now + ClockTolerance);
        var since = new[] { last?.StartedAt, InForceSince(program) }.Max() ?? now;
        var due = schedule.Next(since);
        var limit = due + ((schedule.Next(due) - due) / 2) + (last?.Duration ?? TimeSpan.Zero);
        var name = last is null ? "No good backup is known here yet" : $"The last good backup is {last.Archive}";
        var isFresh = now <= limit;
        await Console.Out.WriteLineAsync(isFresh
            ? $"Healthy: {name}; the next is due at {Local(due, program)}."
            : $"Unhealthy: {name}; one was due at {Local(due, program)} and is missing. Look at the log, or run: backup-sidecar check");
        return isFresh ? (int)RunOutcome.Succeeded : (int)RunOutcome.Failed;
    }

    /// <summary>
    /// Remembers since when the schedule has been in force: nothing was due before. A restart of the program changes nothing
    /// about it, or a program that restarts again and again would never be found unhealthy.
    /// </summary>
    public static void NoteSchedule(Composition program)
    {
        var file = FileOf(program);
        var schedule = $"{program.Schedule} {program.Settings.TimeZone.Id}";
        if (File.Exists(file) && File.ReadAllText(file) == schedule)
            return;
        Directory.CreateDirectory(program.Settings.Paths.State);
        File.WriteAllText(file, schedule);
    }

    /// <summary>Since when the schedule is what it is; null before it was noted.</summary>
    public static DateTimeOffset? InForceSince(Composition program)
    {
        var file = new FileInfo(FileOf(program));
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : null;
    }

    private static string FileOf(Composition program) => Path.Combine(program.Settings.Paths.State, ScheduleFile);

    private static string Local(DateTimeOffset time, Composition program) =>
        $"{TimeZoneInfo.ConvertTime(time, program.Settings.TimeZone):yyyy-MM-dd HH:mm} ({program.Settings.TimeZone.Id})";
}
