using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>healthcheck</c>: whether the last good backup is as fresh as the schedule promises. A backup that is due gets half an
/// interval, and the time that the last one took, before it counts as missing. And whether verifications are as the other schedule
/// promises, and whether services stand still because of us. The same for each labelled database, by its own schedule; there, a run
/// that failed is enough.
/// </summary>
internal static class HealthCommand
{
    /// <summary>A backup that is further ahead of the clock than this was made while the clock was wrong, and proves nothing.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    private const int MostListed = 10;

    public static async Task<int> ExecuteAsync(Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        if (Standstill.Describe(program) is { } standstill)
        {
            await Console.Out.WriteLineAsync($"Unhealthy: {standstill}");
            return (int)RunOutcome.Failed;
        }
        var now = program.Time.GetUtcNow();
        var backups = program.Schedule is { } schedule
            ? BackupAge.Of(program, schedule, program.History.LastGoodBackup(now + ClockTolerance), now)
            : new BackupAge("no schedule is set, so no backup is overdue.", IsOverdue: false);
        var verified = VerifiedAge.Of(program, now);
        var labelled = program.Settings.Labels is { } labels
            ? await new LabelledLook(program, labels).LookAsync(PastBackups.Of(program.LabelHistory, now + ClockTolerance), signals.Token)
            : null;
        List<(bool IsWell, string Text)> findings = [];
        // Where only labels say what is backed up, there is nothing to say of archives.
        if (labelled is null || program.Schedule is not null || verified.IsOverdue)
            findings.AddRange([(!backups.IsOverdue, backups.Text), (!verified.IsOverdue, verified.Text)]);
        if (labelled is not null)
            findings.Add((labelled.IsWell, Listed(labelled.Sentences)));
        var isHealthy = findings.TrueForAll(finding => finding.IsWell);
        var text = $"{(isHealthy ? "Healthy" : "Unhealthy")}: {string.Join('\n', findings.OrderBy(finding => finding.IsWell).Select(finding => finding.Text))}";
        await Console.Out.WriteLineAsync(program.Reading.Redactor.Redact(text));
        return isHealthy ? (int)RunOutcome.Succeeded : (int)RunOutcome.Failed;
    }

    /// <summary>Docker keeps the first 4 KiB of what is said here.</summary>
    private static string Listed(IEnumerable<string> sentences)
    {
        var all = sentences.ToList();
        return string.Join('\n', all.Count <= MostListed ? all : [.. all.Take(MostListed), $"And {all.Count - MostListed} more: backup-sidecar check"]);
    }

    /// <summary>A time as people here read it.</summary>
    public static string Local(DateTimeOffset time, Composition program) =>
        $"{TimeZoneInfo.ConvertTime(time, program.Settings.TimeZone):yyyy-MM-dd HH:mm} ({program.Settings.TimeZone.Id})";
}
