using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// One backup, from the lock to the report: hooks, stop, read, start, store, commit, prune, tell. Whatever fails, services
/// run again, nothing half made is called a backup, and the report says what happened.
/// </summary>
internal sealed class BackupRun(
    Settings settings,
    BackupPlan plan,
    SourceFactory sourceFactory,
    IReadOnlyList<IBackupStore> stores,
    string? localFolder,
    Recovery recovery,
    RetentionRun retention,
    NotifierGroup notifiers,
    History history,
    Redactor redactor,
    IProgress<RunProgress> progress,
    TimeProvider time,
    ILogger log)
{
    private readonly RunRecord _record = new(RunPurpose.Backup, settings.Name, redactor, time, log);

    /// <summary>Runs once. What the world outside can cause is not thrown but reported.</summary>
    /// <param name="interrupted">The program is asked to end: services are started first, then everything else is given up.</param>
    public async Task<RunReport> RunAsync(CancellationToken interrupted)
    {
        try
        {
            using var runLock = await RunLock.TakeAsync(
                settings.Paths.State, RunPurpose.Of(RunPurpose.Backup, _record.RunId).ToString(), interrupted);
            notifiers.Started(_record.RunId);
            var hooks = new Hooks(settings.Hooks, settings.Name, _record.RunId, log);
            var outcome = await TryBackUpAsync(runLock, hooks, interrupted);
            return await TellAsync(_record.ToReport(await RunHooksAfterAsync(hooks, outcome)), interrupted);
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
            await recovery.RunAsync(runLock, limit.Token);
            return await BackUpAsync(hooks, limit.Token);
        }
        catch (OperationCanceledException)
        {
            _record.AddProblem(interrupted.IsCancellationRequested
                ? "The run was interrupted: the program was asked to end."
                : $"The run did not end within BACKUP_TIMEOUT ({settings.Timeout}) and was given up.");
            return interrupted.IsCancellationRequested ? RunOutcome.Interrupted : RunOutcome.Failed;
        }
        catch (ConfigurationException failure)
        {
            _record.AddProblem(failure.Message);
            return RunOutcome.NotStarted;
        }
        catch (Exception failure) when (failure is ServiceException or HookException or StoreException or SourceException or RestoreException
            or ProcessFailedException or DllNotFoundException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            _record.AddProblem(failure.Message);
            return RunOutcome.Failed;
        }
        catch (Exception failure)
        {
            // A fault of ours: it must not keep those from being told who wait for news of this run.
            _record.AddProblem($"An error that should not happen; please report it with these lines: {failure}");
            return RunOutcome.Failed;
        }
    }

    /// <summary>A backup that succeeded is partial if what should have followed did not.</summary>
    private async Task<RunOutcome> RunHooksAfterAsync(Hooks hooks, RunOutcome outcome)
    {
        var problems = await hooks.RunAfterBackupAsync(_record.ToReport(outcome), CancellationToken.None);
        foreach (var problem in problems)
            _record.AddProblem(problem);
        return problems.Count > 0 && outcome == RunOutcome.Succeeded ? RunOutcome.Partial : outcome;
    }

    private async Task<RunOutcome> BackUpAsync(Hooks hooks, CancellationToken cancellation)
    {
        using var sources = sourceFactory.Open(plan, _record.RunId);
        var preflight = await Preflight.LookAsync(sources.All, stores, settings, time, log, cancellation);
        NotePreflight(preflight);
        if (preflight is not { CanRun: true, Window: { } window })
            return RunOutcome.NotStarted;

        await using var closing = window;
        await hooks.RunBeforeBackupAsync(cancellation);
        var watch = new ProgressWatch(progress, history.LastGoodBackup(_record.StartedAt)?.ArchiveBytes, time);
        var stage = new ArchiveStage(settings, plan, localFolder, sources.StagingDirectory, _record, watch, time, log);
        var uploads = await stage.RunAsync(preflight, window, cancellation);
        if (!uploads.Any(upload => upload.IsCommitted))
            return RunOutcome.Failed;
        await retention.RunAfterAsync(_record, uploads, cancellation);
        return _record.HasProblems ? RunOutcome.Partial : RunOutcome.Succeeded;
    }

    private void NotePreflight(Preflight preflight)
    {
        if (!settings.Archive.IsEncrypted)
            _record.AddWarning("No encryption key is set: this archive will NOT be encrypted. Set BACKUP_ENCRYPTION_KEY.");
        foreach (var (source, problem) in preflight.UnreadableBecause)
            _record.AddProblem($"{source.EntryName} ({source.Origin}) cannot be backed up: {problem}");
        foreach (var (store, problem) in preflight.UnwritableBecause)
            _record.AddProblem($"The {store.Name} store ({store.Location}) cannot be used: {problem}");
        if (preflight.ServicesProblem is { } services)
            _record.AddProblem(services);
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
        history.Append(report);
        await notifiers.FinishedAsync(report, interrupted);
        return report;
    }
}
