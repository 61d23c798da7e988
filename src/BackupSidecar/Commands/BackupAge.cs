using BackupSidecar.Reports;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Commands;

/// <summary>Which backup of the stack was the last good one, in a sentence, and whether one that was due since is missing.</summary>
internal sealed record BackupAge(string Text, bool IsOverdue)
{
    /// <param name="program">The program.</param>
    /// <param name="schedule">What promises them.</param>
    /// <param name="last">The last good one; null if there is none.</param>
    /// <param name="now">The time.</param>
    public static BackupAge Of(Composition program, CronSchedule schedule, RunReport? last, DateTimeOffset now)
    {
        var since = new[] { last?.StartedAt, ScheduleInForce.Since(program, ScheduleInForce.OfBackups) }.Max() ?? now;
        var (due, limit) = Deadline.Of(schedule, since, last?.Duration ?? TimeSpan.Zero);
        var name = last is null ? "No good backup is known here yet" : $"The last good backup is {last.Archive}";
        return now <= limit
            ? new BackupAge($"{name}; the next is due at {HealthCommand.Local(due, program)}.", IsOverdue: false)
            : new BackupAge($"{name}; one was due at {HealthCommand.Local(due, program)} and is missing. Look at the log, or run: backup-sidecar check", IsOverdue: true);
    }
}
