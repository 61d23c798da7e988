using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Retention;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// Retention over stores, each by itself: after a backup run only where that run fully succeeded, or on demand. What it
/// cannot remove is a warning and is tried again next time; it never spoils a backup.
/// </summary>
internal sealed class RetentionRun(Settings settings, TimeProvider time, ILogger log)
{
    private readonly RetentionPolicy _policy = new(settings.Retention, settings.TimeZone);

    /// <summary>Prunes the stores that hold the run's backup, if every source of the run is complete.</summary>
    public async Task RunAfterAsync(RunRecord record, IReadOnlyList<StoredUpload> uploads, CancellationToken cancellation)
    {
        if (record.Sources.Any(source => source.State != SourceState.Complete))
        {
            log.LogInformation("Retention is left out: not every source is complete.");
            return;
        }
        var reports = new List<StoreReport>();
        foreach (var report in record.Stores)
        {
            var store = uploads.FirstOrDefault(upload => upload.IsCommitted && upload.Store.Name == report.Store)?.Store;
            reports.Add(store is null ? report : await PruneAsync(store, report, record, cancellation));
        }
        record.Stores = reports;
    }

    /// <summary>What would become of every backup of a store, with reasons.</summary>
    /// <exception cref="StoreException">The store cannot be listed; without a full list nothing is decided.</exception>
    public async Task<RetentionPlan> PlanAsync(IBackupStore store, CancellationToken cancellation)
    {
        var manifests = new ManifestFile(settings.Archive, settings.Name);
        var catalog = await new CatalogReader([store], manifests, settings.Name).ReadAsync(cancellation);
        if (!catalog.IsWhole)
            throw new StoreException(string.Join(' ', catalog.Problems));
        var owned = catalog.Entries.Where(entry => entry.State is CatalogState.Complete or CatalogState.Partial && entry.Copies.All(IsOurs)).ToList();
        var strangers = catalog.Entries.Count(entry => entry.Manifest is not null) - owned.Count;
        if (strangers > 0)
        {
            log.LogWarning(
                "Retention in {Location} leaves {Count} archives alone: their manifests are not vouched for by a configured key, or do not fit. 'list' says which.",
                store.Location, strangers);
        }
        var candidates = owned.Select(entry =>
            new RetentionCandidate(entry.Name.FileName, entry.Name.ManifestFileName, entry.Manifest!.StartedAt, entry.State == CatalogState.Complete));
        return _policy.Decide(candidates, time.GetUtcNow());
    }

    /// <summary>Carries a plan out.</summary>
    public Task<PruneResult> ApplyAsync(IBackupStore store, RetentionPlan plan, bool force, CancellationToken cancellation) =>
        new Pruner(time, log).ApplyAsync(store, plan, force, cancellation);

    /// <summary>
    /// What nobody we know vouches for is not ours to count or to remove: neither what is unsigned though there is a key, nor
    /// what is signed though there is none any more.
    /// </summary>
    private bool IsOurs(StoredCopy copy) =>
        copy.Trust == ManifestTrust.Authentic || (!settings.Archive.HasManifestKey && copy.Manifest?.Authentication is null);

    private async Task<StoreReport> PruneAsync(IBackupStore store, StoreReport report, RunRecord record, CancellationToken cancellation)
    {
        try
        {
            var result = await ApplyAsync(store, await PlanAsync(store, cancellation), force: false, cancellation);
            foreach (var problem in result.Problems)
                record.AddLoggedWarning(problem);
            return report with { Kept = result.Kept, Removed = result.Removed };
        }
        catch (StoreException failure)
        {
            record.AddWarning($"Retention in the {store.Name} store was left out: {failure.Message}");
            return report;
        }
    }
}
