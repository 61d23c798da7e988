using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Retention;
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
    Func<Guid, IReadOnlyList<IBackupSource>> openSources,
    IReadOnlyList<IBackupStore> stores,
    RetentionRun retention,
    NotifierGroup notifiers,
    History history,
    TimeProvider time,
    ILogger log)
{
    private readonly RunRecord _record = new("backup", settings.Name, time, log);

    /// <summary>Runs once. Throws nothing that the world outside can cause: its failures are in the report.</summary>
    /// <param name="interrupted">The program is asked to end: services are started first, then everything else is given up.</param>
    public async Task<RunReport> RunAsync(CancellationToken interrupted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        if (settings.Timeout is { } timeout)
            limit.CancelAfter(timeout);
        RunOutcome outcome;
        try
        {
            using var runLock = RunLock.Take(settings.Paths.State, $"backup {_record.RunId}");
            notifiers.Started(_record.RunId);
            var hooks = new Hooks(settings.Hooks, settings.Name, _record.RunId, log);
            outcome = await TryBackupAsync(hooks, limit.Token, interrupted);
            foreach (var problem in await hooks.RunAfterBackupAsync(_record.ToReport(outcome), CancellationToken.None))
                _record.AddProblem(problem);
        }
        catch (RunLockedException locked)
        {
            _record.AddProblem(locked.Message);
            return _record.ToReport(RunOutcome.Locked);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _record.AddProblem($"The state directory {settings.Paths.State} cannot be used: {failure.Message} Mount a volume there, or set BACKUP_STATE_DIR.");
            outcome = RunOutcome.NotStarted;
        }
        return await TellAsync(_record.ToReport(outcome));
    }

    private async Task<RunOutcome> TryBackupAsync(Hooks hooks, CancellationToken cancellation, CancellationToken interrupted)
    {
        try
        {
            return await BackUpAsync(hooks, cancellation);
        }
        catch (OperationCanceledException)
        {
            _record.AddProblem(interrupted.IsCancellationRequested
                ? "The run was interrupted: the program was asked to end."
                : $"The run did not end within BACKUP_TIMEOUT ({settings.Timeout}) and was given up.");
            return interrupted.IsCancellationRequested ? RunOutcome.Interrupted : RunOutcome.Failed;
        }
        catch (Exception failure) when (failure is ServiceException)
        {
            _record.AddProblem(failure.Message);
            return RunOutcome.NotStarted;
        }
        catch (Exception failure) when (failure is HookException or StoreException or SourceException or ProcessFailedException
            or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            _record.AddProblem(failure.Message);
            return RunOutcome.Failed;
        }
    }

    private async Task<RunOutcome> BackUpAsync(Hooks hooks, CancellationToken cancellation)
    {
        await StopWindow.ReconcileAsync(settings.Services, settings.Paths.State, time, log, cancellation);
        var sources = openSources(_record.RunId);
        var preflight = await Preflight.LookAsync(sources, stores, cancellation);
        await using var window = await StopWindow.PrepareAsync(settings.Services, settings.Paths.State, time, log, cancellation);
        NotePreflight(preflight);
        if (!preflight.CanRun)
            return RunOutcome.NotStarted;

        await hooks.RunBeforeBackupAsync(cancellation);
        var uploads = await MakeArchiveAsync(preflight, window, cancellation);
        if (!uploads.Any(upload => upload.IsCommitted))
            return RunOutcome.Failed;
        await retention.RunAsync(_record, uploads, cancellation);
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
        _record.Sources = [.. plan.Sources.Select(source =>
            SourceReading.Failed(source, preflight.UnreadableBecause.GetValueOrDefault(source, "The run ended before it was read.")))];
        _record.Stores = [.. stores.Select(store =>
            new StoreReport(store.Name, store.Location, preflight.UnwritableBecause.GetValueOrDefault(store, "The run ended before anything was stored.")))];
    }

    private async Task<IReadOnlyList<StoredUpload>> MakeArchiveAsync(Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        var name = await FreeNameAsync(preflight.Writable, cancellation);
        (_record.Timestamp, _record.Archive) = (name.Timestamp, name.FileName);
        using var spool = OpenSpool(name, preflight);
        var manifest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        List<StoredUpload> uploads =
            [.. preflight.Writable.Select(store => StoredUpload.Begin(store, name, spool, manifest.Task, log, cancellation))];
        try
        {
            var described = await FillAsync(spool, name, preflight, window, cancellation);
            var (bytes, sha256) = spool.Seal();
            _record.ArchiveBytes = bytes;
            manifest.SetResult(new ManifestFile(settings.Archive, settings.Name).Write(
                described with { FinishedAt = time.GetUtcNow(), Stored = new StoredArchive(bytes, sha256) }));
        }
        catch (Exception failure)
        {
            // Not swallowed: the followers must end before the spool goes, and then the failure goes its way.
            spool.Fail(failure);
            manifest.TrySetCanceled(CancellationToken.None);
            await Task.WhenAll(uploads.Select(upload => upload.AbandonAsync()));
            throw;
        }
        await WaitForAsync(uploads, preflight);
        return uploads;
    }

    /// <summary>Fills the spool with the archive, and returns its manifest as it stands inside.</summary>
    private async Task<Manifest> FillAsync(Spool spool, ArchiveName name, Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        if (settings.Archive.IsEncrypted)
            log.LogInformation("Encrypting backup");
        using var archive = ArchiveWriter.Create(settings.Archive, spool.Writer);
        var attributes = new EntryAttributes(Convert.ToInt32("600", 8), OwnerId: 0, GroupId: 0, _record.StartedAt);
        archive.WriteFile("RESTORE.txt", Encoding.UTF8.GetBytes(RestoreInstructions.For(plan, name, settings.Archive)), attributes);

        // Asked to end, we start the services at once, whatever the reading threads are about to do.
        await using var earlyStart = cancellation.Register(() => _ = window.CloseAsync());
        await window.OpenAsync(cancellation);
        var taken = await new SourceReading(archive, window, settings.Archive.CompressionThreads)
            .ReadAsync(preflight.Readable, NoteRead, cancellation);
        cancellation.ThrowIfCancellationRequested();

        NoteSources(taken);
        if (taken.All(source => source.State == SourceState.Failed))
            throw new SourceException("No backup data generated: not one source could be read.");
        var manifest = Describe(name);
        archive.WriteFile("manifest.json", new ManifestFile(settings.Archive, settings.Name).Write(manifest), attributes);
        archive.Complete();
        return manifest;

        void NoteRead(IReadOnlyList<string> notStarted)
        {
            foreach (var problem in notStarted)
                _record.AddProblem(problem);
            _record.ServicesStoppedFor = window.Duration;
        }
    }

    private void NoteSources(IReadOnlyList<ManifestSource> taken)
    {
        foreach (var source in taken.Where(source => source.Problem is not null))
            _record.AddProblem($"{source.Entry} ({source.Origin}): {source.Problem}");
        foreach (var source in taken.Where(source => source.Problem is null && source.Skipped.Count > 0))
            _record.AddWarning($"{source.Entry} ({source.Origin}): {string.Join("; ", source.Skipped)}");
        var byEntry = taken.ToDictionary(source => source.Entry);
        _record.Sources = [.. _record.Sources.Select(source => byEntry.GetValueOrDefault(source.Entry, source))];
    }

    private Manifest Describe(ArchiveName name) => new()
    {
        CreatedBy = ProgramVersion.Text,
        RunId = _record.RunId,
        BackupName = settings.Name,
        Archive = name.FileName,
        StartedAt = _record.StartedAt,
        FinishedAt = time.GetUtcNow(),
        TimeZone = settings.TimeZone.Id,
        Compression = settings.Archive.Compression.ToString().ToLowerInvariant(),
        Encryption = settings.Archive.RecipientsFile is not null ? "recipients" : settings.Archive.IsEncrypted ? "passphrase" : "none",
        Sources = _record.Sources,
    };

    private async Task WaitForAsync(List<StoredUpload> uploads, Preflight preflight)
    {
        try
        {
            await Task.WhenAll(uploads.Select(upload => upload.WaitAsync()));
        }
        finally
        {
            foreach (var upload in uploads.Where(upload => upload.Problem is not null))
                _record.AddLoggedProblem(upload.Problem!);
            _record.Stores = [.. uploads.Select(upload => upload.ToReport()),
                .. preflight.UnwritableBecause.Select(each => new StoreReport(each.Key.Name, each.Key.Location, each.Value))];
        }
    }

    private async Task<ArchiveName> FreeNameAsync(IReadOnlyList<IBackupStore> writable, CancellationToken cancellation)
    {
        var name = new ArchiveName(settings.Name, TimeZoneInfo.ConvertTime(_record.StartedAt, settings.TimeZone).DateTime, plan.ArchiveExtension);
        while (await IsTakenAsync(name))
            name = name.Next();
        return name;

        async Task<bool> IsTakenAsync(ArchiveName candidate)
        {
            foreach (var store in writable)
            {
                if (await store.FindAsync(candidate.FileName, cancellation) is not null
                    || await store.FindAsync(candidate.ManifestFileName, cancellation) is not null)
                    return true;
            }
            return false;
        }
    }

    private Spool OpenSpool(ArchiveName name, Preflight preflight)
    {
        var own = preflight.Writable.OfType<ISpoolHost>().FirstOrDefault();
        var file = $".{name.FileName}.partial";
        if (own is not null)
            return new Spool(own.Folder, file, fallbackDirectory: settings.Paths.Staging);
        Directory.CreateDirectory(settings.Paths.Staging);
        return new Spool(settings.Paths.Staging, file, fallbackDirectory: null);
    }

    private async Task<RunReport> TellAsync(RunReport report)
    {
        if (report.Outcome == RunOutcome.Succeeded)
            log.LogInformation("Backup completed successfully: {Archive}", report.Archive);
        else
            log.LogError("Backup {Outcome}: {Problems}", report.Outcome.ToString().ToLowerInvariant(), string.Join(" | ", report.Problems));
        history.Append(report);
        await notifiers.FinishedAsync(report);
        return report;
    }
}
