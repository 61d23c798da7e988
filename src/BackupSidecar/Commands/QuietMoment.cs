using BackupSidecar.Runs;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Commands;

/// <summary>
/// The moment for work that reads much and can wait: no run is going on, and no backup begins within the minute. A backup does not
/// wait for it in turn.
/// </summary>
/// <param name="stateDirectory">Where the lock of runs is.</param>
/// <param name="backups">When backups begin; null where they are made by hand.</param>
/// <param name="time">The clock.</param>
internal sealed class QuietMoment(string stateDirectory, CronSchedule? backups, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>Where backups follow each other without a pause, there is no better moment than any other.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    public async Task WaitAsync(CancellationToken cancellation)
    {
        var giveUp = time.GetUtcNow() + LongestWait;
        while (IsBusy() && time.GetUtcNow() < giveUp)
            await Task.Delay(Pause, time, cancellation);
    }

    private bool IsBusy()
    {
        var now = time.GetUtcNow();
        return RunLock.Holder(stateDirectory) is not null || backups?.Next(now - Margin) <= now + Margin;
    }
}
