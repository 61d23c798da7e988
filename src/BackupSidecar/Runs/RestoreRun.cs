using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Runs.Restores;
using BackupSidecar.Services;
using BackupSidecar.Stores;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// One restore: find, fetch and verify, plan, confirm, unpack beside, stop services, apply, start services. Everything before
/// the stop touches nothing that is in use; everything after it is rolled back if a later part fails (but for databases that
/// were restored already). It always ends in a report and never throws what the world did wrong.
/// </summary>
internal sealed class RestoreRun(
    Settings settings, BackupPlan current, IReadOnlyList<IBackupStore> stores, RestoreTargets targets, TimeProvider time, ILogger log)
{
    /// <summary>What backups of the kind that is restored are like.</summary>
    public BackupForm Form { get; init; } = BackupForm.OfArchives(settings);

    /// <param name="runId">The run's ID, on every message about it.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="confirm">Shows the plan and asks; false ends the run with nothing touched.</param>
    /// <param name="cancellation">Ends the run; services are started again and files put back first.</param>
    public async Task<RunReport> RunAsync(
        Guid runId, RestoreOptions options, Func<RestorePlan, CancellationToken, Task<bool>> confirm, CancellationToken cancellation)
    {
        var report = new RestoreReport(runId, settings.Name, time);
        try
        {
            var folder = options.ToDirectory is null ? null : Path.GetFullPath(options.ToDirectory);
            await RestoreAsync(options with { ToDirectory = folder }, confirm, report, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            report.End(RunOutcome.Interrupted, "The restore was interrupted.");
        }
        catch (BackupRefusedException error)
        {
            report.End(RunOutcome.Refused, $"{error.Message.TrimEnd('.')}. Nothing was touched.");
        }
        catch (Exception error) when (IsOfTheWorld(error))
        {
            report.End(RunOutcome.Failed, error.Message);
        }
        return report.Finish();
    }

    private async Task RestoreAsync(
        RestoreOptions options, Func<RestorePlan, CancellationToken, Task<bool>> confirm, RestoreReport report, CancellationToken cancellation)
    {
        MayFail.At(Failpoint.RestoreBegun, cancellation);
        var catalog = await ReadAsync(options, cancellation);
        await using var archive = await FetchAsync(catalog, Find(catalog, options, report), options, cancellation);
        report.Used(archive);
        MayFail.At(Failpoint.RestoreFetched, cancellation);
        var isTrusted = archive.Copy.Trust == ManifestTrust.Authentic || (archive.Manifest is not null && !settings.Archive.HasManifestKey);
        var preparation = new RestorePreparation(settings.Archive, archive, isTrusted, log);
        var plan = await preparation.PlanAsync(current, options, cancellation);
        if (!await confirm(plan, cancellation))
        {
            report.End(RunOutcome.NotStarted, "The restore was not confirmed; nothing was touched.");
            return;
        }
        MayFail.At(Failpoint.RestoreConfirmed, cancellation);
        await using var folder = plan.ToDirectory is null ? null : RestoreFolder.Make(plan.ToDirectory);
        var places = targets.For(plan, report.ShortId);
        try
        {
            await using var window = await WindowAsync(plan, cancellation);
            await RestorePreparation.CheckAsync(places, cancellation);
            report.Warn(await preparation.UnpackAsync(places, cancellation));
            MayFail.At(Failpoint.RestoreUnpacked, cancellation);
            await new RestoreApplication(window, log).ApplyAsync(places, report, cancellation);
            folder?.Keep();
            report.Restored(plan);
        }
        finally
        {
            await CleanUpAsync(places, report);
        }
    }

    private async Task<Catalog> ReadAsync(RestoreOptions options, CancellationToken cancellation)
    {
        if (options.Store is not null && !stores.Any(store => store.Name == options.Store))
            throw new RestoreException($"There is no store '{options.Store}'. Configured: {string.Join(", ", stores.Select(store => store.Name))}.");
        var asked = stores.Where(store => options.Store is null || store.Name == options.Store).ToList();
        var catalog = await new CatalogReader(asked, Form).ReadAsync(cancellation);
        foreach (var problem in catalog.Problems)
            log.LogWarning("{Problem}", problem);
        return catalog;
    }

    private CatalogEntry Find(Catalog catalog, RestoreOptions options, RestoreReport report)
    {
        var (entry, remark) = catalog.Find(options);
        if (remark is not null)
        {
            log.LogWarning("{Remark}", remark);
            report.Warn([remark]);
        }
        return entry;
    }

    private async Task<FetchedArchive> FetchAsync(Catalog catalog, CatalogEntry entry, RestoreOptions options, CancellationToken cancellation)
    {
        var fetch = new ArchiveFetch(new CopyReader(settings.Paths.Staging, stores, log), settings.Archive.HasManifestKey, log);
        try
        {
            return await fetch.FetchAsync(entry, options, cancellation);
        }
        catch (BackupRefusedException refused) when (
            options.Backup == RestoreOptions.Latest && catalog.VouchedForBefore(entry, settings.Archive.HasManifestKey) is { } older)
        {
            // It may be days older: whoever wanted the latest must say that it will do.
            var from = options.Store is null ? "" : $" --from {options.Store}";
            throw new BackupRefusedException(
                $"{refused.Message.TrimEnd('.')}. The newest before it that is vouched for is {older.Name.FileName}; if that will do: backup-sidecar restore {older.Name.Timestamp}{from}",
                refused);
        }
    }

    private async Task<StopWindow?> WindowAsync(RestorePlan plan, CancellationToken cancellation) =>
        plan.ToDirectory is not null
            ? null
            : await StopWindow.PrepareAsync(settings.Services, settings.Paths.State, time, log, cancellation);

    private async Task CleanUpAsync(IReadOnlyList<IRestoreTarget> places, RestoreReport report)
    {
        foreach (var target in places)
        {
            try
            {
                await target.DisposeAsync();
            }
            catch (Exception error) when (IsOfTheWorld(error))
            {
                log.LogWarning("What {Source} had needed for its restore could not be removed: {Error}", target.Step.Source.Entry, error.Message);
                report.Warn([$"What '{target.Step.Source.Entry}' had needed for its restore could not be removed: {error.Message}"]);
            }
        }
    }

    /// <summary>Whether the world failed, which a report can say; anything else is a bug and goes to the top.</summary>
    internal static bool IsOfTheWorld(Exception error) => error is RestoreException or BackupRefusedException or HookException or StoreException
        or ServiceException or DatabaseException or ProcessFailedException or IOException or UnauthorizedAccessException;
}
