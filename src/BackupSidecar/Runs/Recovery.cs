using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Services;
using BackupSidecar.Stores;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// Puts right what a killed run left behind: directories that a restore had half exchanged, services that it had stopped,
/// temporary files in the stores; and tells that the run ended. Done at every start of the program and with every run.
/// </summary>
internal sealed class Recovery(
    Settings settings, BackupPlan plan, RestoreTargets targets, NotifierGroup notifiers, History history,
    TimeProvider time, ILogger log)
{
    /// <summary>Returns what could not be put right, one sentence each; all of it is logged.</summary>
    /// <param name="held">The lock: nobody else is running.</param>
    /// <param name="cancellation">Ends the waiting for a Docker engine that does not answer.</param>
    public async Task<IReadOnlyList<string>> RunAsync(RunLock held, CancellationToken cancellation)
    {
        foreach (var source in plan.Sources)
            await PutBackAsync(plan with { Sources = [source] });
        var services = await StopWindow.ReconcileAsync(settings.Services, settings.Paths.State, time, log, cancellation);
        await TellOfTheDeadAsync(held, cancellation);
        return services.Problems;
    }

    /// <summary>Tells of runs under this lock that were killed, and touches nothing.</summary>
    public async Task TellOfTheDeadAsync(RunLock held, CancellationToken cancellation)
    {
        foreach (var purpose in held.DiedBefore)
        {
            if (RunPurpose.TryParse(purpose, out var died))
                await TellAsync(died, cancellation);
        }
        held.ForgetTheDead();
    }

    /// <summary>
    /// Removes what killed runs left in these stores under temporary names. Nobody waits for this, and it needs no lock: what is
    /// in use is left alone.
    /// </summary>
    public async Task SweepAsync(IEnumerable<IBackupStore> stores, CancellationToken cancellation)
    {
        foreach (var store in stores)
            await SweepAsync(store, cancellation);
    }

    /// <summary>A directory that cannot be looked into is a matter of its own backup, and must not keep services from being started.</summary>
    private async Task PutBackAsync(BackupPlan part)
    {
        try
        {
            await targets.RecoverAsync(part);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogError("Whether a restore that was killed left something behind cannot be told: {Problem}", failure.Message);
        }
    }

    private async Task TellAsync(RunPurpose died, CancellationToken interrupted)
    {
        // Killed when all was done but the telling: how it ended is known, and perhaps nobody was told. Twice is better than never.
        if (history.ReadNewestFirst().FirstOrDefault(report => report.RunId == died.RunId) is { } known)
        {
            if (died.Kind == RunKind.Backup)
                await notifiers.FinishedAsync(known, interrupted);
            return;
        }
        var sentence = died.Kind == RunKind.Restore
            ? $"The {died.Kind} {died.RunId} was killed before it ended. Directories and files are as they were before it, unless it had committed them all; "
                + "databases whose restore it had reported hold the backup. Run the restore again."
            : $"The {died.Kind} {died.RunId} was killed before it ended. Nothing of it counts as a backup but what the list shows as complete.";
        log.LogError("{Problem}", sentence);
        var now = time.GetUtcNow();
        var report = new RunReport
        {
            RunId = died.RunId,
            Kind = died.Kind,
            BackupName = settings.Name,
            StartedAt = now,
            FinishedAt = now,
            Outcome = RunOutcome.Interrupted,
            Problems = [sentence],
        };
        try
        {
            history.Append(report);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogError("It could not be written to the history in {State}: {Problem}", settings.Paths.State, failure.Message);
        }
        if (died.Kind == RunKind.Backup)
            await notifiers.FinishedAsync(report, interrupted);
    }

    private async Task SweepAsync(IBackupStore store, CancellationToken cancellation)
    {
        try
        {
            await store.SweepAsync(cancellation);
        }
        catch (StoreException failure)
        {
            log.LogDebug("Leftovers in the {Store} store were not looked for: {Reason}", store.Name, failure.Message);
        }
    }
}
