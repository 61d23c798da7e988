using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Notifications;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// One backup, from the lock to the report: hooks, stop, read, start, store, commit, prune, make up for what a store missed, tell.
/// Whatever fails, services run again, nothing half made is called a backup, and the report says what happened.
/// </summary>
internal sealed class BackupRun(
    Settings settings,
    BackupPlan configured,
    PlanExpansion expansion,
    SourceFactory sourceFactory,
    IReadOnlyList<IBackupStore> stores,
    string? localFolder,
    Recovery recovery,
    RetentionRun retention,
    MissedCopies? missedCopies,
    NotifierGroup notifiers,
    History history,
    Redactor redactor,
    IProgress<RunProgress> progress,
    TimeProvider time,
    ILogger log)
{
    // Docker kills a container that has not ended ten seconds after it was asked to; some of them are for telling.
    private static readonly TimeSpan HooksGrace = TimeSpan.FromSeconds(5);

    private readonly MarkFile _marks = new(settings.Paths.State);
    private readonly RunRecord _record = new(RunKind.Backup, settings.Name, redactor, time, log);

    /// <summary>Runs once. What the world outside can cause is not thrown but reported.</summary>
    /// <param name="interrupted">The program is asked to end: services are started first, then everything else is given up.</param>
    public async Task<RunReport> RunAsync(CancellationToken interrupted)
    {
        try
        {
            using var runLock = await RunLock.TakeAsync(
                settings.Paths.State, RunPurpose.Of(RunKind.Backup, _record.RunId).ToString(), interrupted, LockOf(configured));
            notifiers.Started(_record.RunId);
            var hooks = new Hooks(settings.Hooks, settings.Name, _record.RunId, log);
            hooks.WarnOfSkippedScripts();
            using var hooksMayRun = new Grace(HooksGrace, interrupted);
            var outcome = await TryBackUpAsync(runLock, hooks, interrupted);
            outcome = await RunHooksAfterAsync(hooks, outcome, hooksMayRun.Token);
            return await TellAsync(_record.ToReport(outcome), interrupted);
        }
        catch (RunLockedException locked)
        {
            _record.AddProblem(locked.Message);
            return _record.ToReport(RunOutcome.Locked);
        }
    }

    private async Task<RunOutcome> TryBackUpAsync(RunLock runLock, Hooks hooks, CancellationToken interrupted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        if (settings.Timeout is { } timeout)
            limit.CancelAfter(timeout);
        try
        {
            MayFail.At(Failpoint.LockTaken, limit.Token);
            foreach (var problem in await RecoverAsync(runLock, limit.Token))
                _record.AddLoggedProblem(problem);
            return await BackUpAsync(hooks, limit.Token);
        }
        catch (Exception failure)
        {
            // Whatever it is, those who wait for news of this run are told.
            return Judge(failure, isOver: limit.IsCancellationRequested, interrupted);
        }
    }

    /// <summary>Only an archive's run is alone: beside that of one database, another may have services stopped.</summary>
    private async Task<IReadOnlyList<string>> RecoverAsync(RunLock runLock, CancellationToken cancellation)
    {
        if (configured.Artefact is null)
            return await recovery.RunAsync(runLock, cancellation);
        await recovery.TellOfTheDeadAsync(runLock, cancellation);
        recovery.SweepStaging();
        return [];
    }

    /// <summary>Notes what ended the run. What is stored when that happens stays a backup, and the run is partial.</summary>
    private RunOutcome Judge(Exception failure, bool isOver, CancellationToken interrupted)
    {
        // Children that share our terminal get the signal, too, and then fail in their own words.
        if (interrupted.IsCancellationRequested)
            _record.AddProblem("The run was interrupted: the program was asked to end.");
        else if (isOver)
            _record.AddProblem($"The run did not end within {(configured.Artefact is null ? "BACKUP_TIMEOUT" : "BACKUP_LABEL_TIMEOUT")} ({settings.Timeout}) and was given up.");
        if (failure is not OperationCanceledException || !isOver)
            _record.AddProblem(Describe(failure));

        var isStored = _record.Stores.Any(store => store.Problem is null);
        return interrupted.IsCancellationRequested ? RunOutcome.Interrupted
            : failure is ConfigurationException ? RunOutcome.NotStarted
            : isStored ? RunOutcome.Partial
            : RunOutcome.Failed;
    }

    private static string Describe(Exception failure) => failure is ConfigurationException or ServiceException or HookException or StoreException
        or SourceException or RestoreException or ProcessFailedException or DllNotFoundException or InvalidDataException or IOException
        or UnauthorizedAccessException
            ? failure.Message
            : $"An error that should not happen; please report it with these lines: {failure}";

    /// <summary>A backup that succeeded is partial if what should have followed did not.</summary>
    private async Task<RunOutcome> RunHooksAfterAsync(Hooks hooks, RunOutcome outcome, CancellationToken giveUp)
    {
        var before = _record.ProblemCount;
        try
        {
            foreach (var problem in await hooks.RunAfterBackupAsync(_record.ToReport(outcome), giveUp))
                _record.AddProblem(problem);
        }
        catch (OperationCanceledException)
        {
            _record.AddProblem("The hooks after the backup were cut short: the program was asked to end.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _record.AddProblem($"The hooks after the backup could not be looked for: {failure.Message}");
        }
        return _record.ProblemCount > before && outcome == RunOutcome.Succeeded ? RunOutcome.Partial : outcome;
    }

    private async Task<RunOutcome> BackUpAsync(Hooks hooks, CancellationToken cancellation)
    {
        // A key is stretched meanwhile; whoever needs it waits for it.
        _ = retention.Form.Manifests.PrepareAsync();
        var plan = await expansion.ExpandAsync(configured, cancellation);
        using var sources = sourceFactory.Open(plan, _record.RunId, holdsRunLock: plan.Artefact is null);
        var preflight = await Preflight.LookAsync(sources.All, stores, settings, time, log, cancellation);
        await using var window = preflight.Window;
        NotePreflight(preflight, plan);
        if (window is null || !preflight.CanRun)
            return RunOutcome.NotStarted;

        MayFail.At(Failpoint.PreflightDone, cancellation);
        await hooks.RunBeforeBackupAsync(cancellation);
        var watch = new ProgressWatch(progress, history.LastGoodBackup(_record.StartedAt)?.ArchiveBytes, time);
        var guard = new AnomalyGuard(settings.Anomalies, history, _marks, _record, time);
        var storing = new StoringStage(settings, retention.Form.Manifests, localFolder, sources.StagingDirectory, _record, watch, time, log);
        var uploads = await MakeOrMakeRoomAsync();
        await MakeRoomAsync(uploads.Where(upload => upload.IsFull).Select(upload => upload.Store), cancellation);
        if (!uploads.Any(upload => upload.IsCommitted))
            return RunOutcome.Failed;
        if (guard.TryMark())
            await retention.RunAfterAsync(_record, uploads, cancellation);
        MayFail.At(Failpoint.BeforeSweep, cancellation);
        // A store that has just failed is left alone: it would fail again, and the run's end would wait for it.
        await recovery.SweepAsync(uploads.Where(upload => upload.IsCommitted).Select(upload => upload.Store), cancellation);
        // Of what killed runs had begun to copy nothing may be left by now: it would look like another run's.
        if (missedCopies is not null)
        {
            await missedCopies.MakeUpAsync(
                _record, [.. uploads.Where(upload => upload is { IsCommitted: true, Checked.Problem: null }).Select(upload => upload.Store)], cancellation);
        }
        return _record.ProblemCount > 0 ? RunOutcome.Partial : RunOutcome.Succeeded;

        async Task<IReadOnlyList<StoredUpload>> MakeOrMakeRoomAsync()
        {
            try
            {
                return await MakeAsync(plan, storing, guard, preflight, window, cancellation);
            }
            catch (Exception failure) when (PosixErrors.IsOutOfSpace(failure))
            {
                await MakeRoomAsync(stores.Where(store => store.Location == localFolder), cancellation);
                throw;
            }
        }
    }

    /// <summary>Dumps whose time is over would keep a full disk full, and every run to come from succeeding. What the rules keep stays.</summary>
    private async Task MakeRoomAsync(IEnumerable<IBackupStore> full, CancellationToken cancellation)
    {
        if (configured.Artefact is null || retention.LeftOutBecause is not null)
            return;
        foreach (var store in full)
        {
            try
            {
                log.LogInformation("There is no room in {Location}: its retention is applied now, although this backup failed.", store.Location);
                await retention.PruneAsync(store, cancellation);
            }
            catch (StoreException failure)
            {
                _record.AddWarning($"Retention in the {store.Name} store was left out: {failure.Message}");
            }
        }
    }

    private Task<IReadOnlyList<StoredUpload>> MakeAsync(
        BackupPlan plan, StoringStage storing, AnomalyGuard guard, Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        if (plan.Artefact is { } artefact)
        {
            var dump = new DumpStage(settings, artefact, guard, _record, time, log);
            return storing.RunAsync(dump.Name, preflight, (spool, name) => dump.FillAsync(spool, name, preflight, cancellation), cancellation);
        }
        var archive = new ArchiveStage(settings, plan, guard, _record, time, log);
        return storing.RunAsync(archive.Name, preflight, (spool, name) => archive.FillAsync(spool, name, preflight, window, cancellation), cancellation);
    }

    private static string LockOf(BackupPlan plan) =>
        plan.Artefact is { Labelled.Identity: var identity } ? RunLock.OfContainer(identity) : RunLock.OfRuns;

    private void NotePreflight(Preflight preflight, BackupPlan plan)
    {
        if (!settings.Archive.IsEncrypted)
            _record.AddWarning("No encryption key is set: this backup will NOT be encrypted. Set BACKUP_ENCRYPTION_KEY.");
        if (settings.Archive is { IsEncrypted: true, HasManifestKey: false })
            _record.AddWarning("Nothing authenticates this backup: whoever can write to a store can replace it unnoticed. Set BACKUP_SIGNING_KEY.");
        if (ArchiveWriter.Shortfall(settings.Archive) is { } shortfall)
            log.LogInformation("{Shortfall}", shortfall);
        if (settings.Local is { } local && MountTable.OfThisProcess().GoesWithTheContainer(local.Path))
        {
            _record.AddWarning($"{local.Path} (BACKUP_LOCAL_PATH) is not on a mounted volume: what is stored there goes with this container. "
                + $"Mount a volume or a folder of the host at {local.Path}.");
        }
        foreach (var (source, problem) in preflight.UnreadableBecause)
            _record.AddProblem($"{source.EntryName} ({source.Origin}) cannot be backed up: {problem}");
        foreach (var (store, problem) in preflight.UnwritableBecause)
            _record.AddProblem($"The {store.Name} store ({store.Location}) cannot be used: {problem}");
        if (preflight.ServicesProblem is { } services)
            _record.AddProblem(services);
        if (preflight.ArchiveProblem is { } archive)
            _record.AddProblem($"No archive can be made: {archive}");
        _record.Sources = [.. plan.Sources.Select(source =>
            SourceReading.Failed(source, preflight.UnreadableBecause.GetValueOrDefault(source, "The run ended before it was read.")))];
        _record.Stores = [.. stores.Select(store => new StoreReport(store.Name, store.Location,
            preflight.UnwritableBecause.GetValueOrDefault(store, "The run ended before anything was stored.")))];
    }

    private async Task<RunReport> TellAsync(RunReport report, CancellationToken interrupted)
    {
        if (report.Outcome == RunOutcome.Succeeded)
            log.LogInformation("Backup completed successfully: {Archive}", report.Archive);
        else
            log.LogError("{Headline}: {Problems}", ReportText.Headline(report), string.Join(" | ", report.Problems));
        try
        {
            MayFail.At(Failpoint.BeforeHistory, CancellationToken.None);
            history.Append(report);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogError("The history in {State} could not be written, so this run will be missing there: {Problem}", settings.Paths.State, failure.Message);
        }
        MayFail.At(Failpoint.AfterHistory, CancellationToken.None);
        await notifiers.FinishedAsync(report, interrupted);
        MayFail.At(Failpoint.AfterNotify, CancellationToken.None);
        return report;
    }
}
