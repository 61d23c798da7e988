using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>healthcheck</c>: whether the last good backup is as fresh as the schedule promises. A backup that is due gets half an
/// interval, and the time that the last one took, before it counts as missing.
/// </summary>
internal static class HealthCommand
{
    private const string StartedFile = "started";

    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        if (program.Schedule is not { } schedule)
        {
            await Console.Out.WriteLineAsync("Healthy: no schedule is set, so no backup is overdue.");
            return (int)RunOutcome.Succeeded;
        }
        var last = program.History.LastGoodBackup();
        var since = last?.StartedAt ?? StartedAt(program);
        var due = schedule.Next(since);
        var limit = due + ((schedule.Next(due) - due) / 2) + (last?.Duration ?? TimeSpan.Zero);
        var name = last is null ? "There has been no good backup yet" : $"The last good backup is {last.Archive}";
        var isFresh = program.Time.GetUtcNow() <= limit;
        await Console.Out.WriteLineAsync(isFresh
            ? $"Healthy: {name}; the next is due at {Local(due, program)}."
            : $"Unhealthy: {name}; one was due at {Local(due, program)} and is missing. Look at the log, or run: backup-sidecar check");
        return isFresh ? (int)RunOutcome.Succeeded : (int)RunOutcome.Failed;
    }

    /// <summary>Remembers when the program started: before the first backup nothing else says since when one is awaited.</summary>
    public static void NoteStart(Composition program)
    {
        Directory.CreateDirectory(program.Settings.Paths.State);
        File.WriteAllText(Path.Combine(program.Settings.Paths.State, StartedFile), "");
    }

    private static DateTimeOffset StartedAt(Composition program)
    {
        var file = new FileInfo(Path.Combine(program.Settings.Paths.State, StartedFile));
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : program.Time.GetUtcNow();
    }

    private static string Local(DateTimeOffset time, Composition program) =>
        $"{TimeZoneInfo.ConvertTime(time, program.Settings.TimeZone):yyyy-MM-dd HH:mm} ({program.Settings.TimeZone.Id})";
}
