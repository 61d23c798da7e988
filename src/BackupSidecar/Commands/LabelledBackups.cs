using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;
using BackupSidecar.Reports;
using BackupSidecar.Scheduling.Jobs;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// What <c>run</c> does for databases with labels: follows which there are, and backs each up when its labels say so, each run as a
/// child of its own. Jobs outlive a change of the settings: it reaches all that begins after it.
/// </summary>
/// <param name="settings">What holds.</param>
/// <param name="runChild">Runs this program again with these arguments, and returns its exit code.</param>
internal sealed class LabelledBackups(SettingsInForce settings, Func<IReadOnlyList<string>, CancellationToken, CancellationToken, Task<int>> runChild)
{
    /// <summary>A run ends itself when its time is over, and tells of it. One that does not is ended after this.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <param name="labels">What holds for labels at the beginning. They stay something that is read: a reload cannot change that.</param>
    /// <param name="ends">The end of the program.</param>
    public async Task FollowAsync(LabelSettings labels, CancellationToken ends)
    {
        var program = settings.Program;
        using var slots = new JobSlots(labels.Concurrency, program.Log);
        await using var jobs = new LabelledJobs(new JobMeans
        {
            Run = RunAsync,
            Slots = slots,
            Ledger = new JobLedger(program.Settings.Paths.State, program.Log),
            Time = program.Time,
            Log = program.Log,
            Ends = ends,
        });
        while (!ends.IsCancellationRequested)
        {
            var (now, replaced) = settings.Now();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ends, replaced);
            slots.Become((now.Settings.Labels ?? labels).Concurrency);
            await FollowAsync(now, now.Settings.Labels ?? labels, jobs, either.Token);
        }
    }

    private static async Task FollowAsync(Composition program, LabelSettings labels, LabelledJobs jobs, CancellationToken ends)
    {
        program.Log.LogInformation(
            "Databases with labels are backed up: {Scope}.", labels.Scope == LabelScope.All ? "those of all containers" : "those of containers of this Compose project");
        var isFirst = true;
        await foreach (var containers in program.ContainerWatch(labels).FollowAsync(ends))
        {
            var found = program.Survey(labels, containers);
            jobs.Follow(found, new JobRules(program.Settings.TimeZone, program.Settings.CatchUp));
            if (isFirst && jobs.All.Count == 0)
                TellOfNone(program, found);
            isFirst = false;
        }
    }

    /// <summary>Whether there is a backup now, or somebody else is making it.</summary>
    private async Task<bool> RunAsync(LabelledDatabase database, CancellationToken ends)
    {
        var program = settings.Program;
        var limit = program.Settings.Labels?.Timeout;
        using var overdue = new CancellationTokenSource(Or(limit + Grace), program.Time);
        using var stuck = new CancellationTokenSource(Or(limit + Grace + Grace), program.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ends, overdue.Token);
        var code = await runChild(["backup", "--container", database.ContainerName], either.Token, stuck.Token);
        if (overdue.IsCancellationRequested && limit is not null)
            program.Log.LogError("The backup of {Container} took longer than {Limit} (BACKUP_LABEL_TIMEOUT) and was ended.", database.ContainerName, DurationText.Format(limit.Value));
        return code is not ((int)RunOutcome.Failed or (int)RunOutcome.NotStarted);
    }

    private static TimeSpan Or(TimeSpan? limit) => limit ?? Timeout.InfiniteTimeSpan;

    private static void TellOfNone(Composition program, IReadOnlyList<SurveyedContainer> found)
    {
        var outside = found.Count(container => container.Standing == LabelStanding.OutOfScope);
        if (outside > 0)
            program.Log.LogWarning("{Count} containers ask by labels to be backed up, and do not belong to this Compose project: set BACKUP_LABEL_SCOPE=all if they are meant.", outside);
        else
            program.Log.LogWarning("No container asks by labels to be backed up yet. What each would need: backup-sidecar explain");
    }
}
