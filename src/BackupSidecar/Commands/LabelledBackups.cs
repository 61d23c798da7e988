using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;
using BackupSidecar.Scheduling.Jobs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// What <c>run</c> does for databases with labels: follows which there are, and backs each up when its labels say so, each run as a
/// child of its own.
/// </summary>
/// <param name="program">The program.</param>
/// <param name="labels">What holds for them.</param>
/// <param name="runChild">Runs this program again with these arguments.</param>
internal sealed class LabelledBackups(Composition program, LabelSettings labels, Func<IReadOnlyList<string>, CancellationToken, CancellationToken, Task> runChild)
{
    /// <summary>A run ends itself when its time is over, and tells of it. One that does not is ended after this.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    public async Task FollowAsync(CancellationToken ends)
    {
        program.Log.LogInformation(
            "Databases with labels are backed up: {Scope}.", labels.Scope == LabelScope.All ? "those of all containers" : "those of containers of this Compose project");
        using var slots = new JobSlots(labels.Concurrency, program.Log);
        await using var jobs = new LabelledJobs(
            new JobMeans
            {
                Run = RunAsync,
                Slots = slots,
                Ledger = new JobLedger(program.Settings.Paths.State, program.Log),
                CatchesUp = program.Settings.CatchUp,
                Time = program.Time,
                Log = program.Log,
                Ends = ends,
            },
            program.Settings.TimeZone);
        var isFirst = true;
        await foreach (var containers in program.ContainerWatch(labels).FollowAsync(ends))
        {
            var found = program.Survey(labels, containers);
            jobs.Follow(found);
            if (isFirst && jobs.All.Count == 0)
                TellOfNone(found);
            isFirst = false;
        }
    }

    private async Task RunAsync(LabelledDatabase database, CancellationToken ends)
    {
        using var overdue = new CancellationTokenSource(Or(labels.Timeout + Grace), program.Time);
        using var stuck = new CancellationTokenSource(Or(labels.Timeout + Grace + Grace), program.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ends, overdue.Token);
        await runChild(["backup", "--container", database.ContainerName], either.Token, stuck.Token);
        if (overdue.IsCancellationRequested && labels.Timeout is { } limit)
            program.Log.LogError("The backup of {Container} took longer than {Limit} (BACKUP_LABEL_TIMEOUT) and was ended.", database.ContainerName, DurationText.Format(limit));
    }

    private static TimeSpan Or(TimeSpan? limit) => limit ?? Timeout.InfiniteTimeSpan;

    private void TellOfNone(IReadOnlyList<SurveyedContainer> found)
    {
        var outside = found.Count(container => container.Standing == LabelStanding.OutOfScope);
        if (outside > 0)
            program.Log.LogWarning("{Count} containers ask by labels to be backed up, and do not belong to this Compose project: set BACKUP_LABEL_SCOPE=all if they are meant.", outside);
        else
            program.Log.LogWarning("No container asks by labels to be backed up yet. What each would need: backup-sidecar explain");
    }
}
