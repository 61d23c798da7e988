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
    private readonly MarkFile _marks = new(settings.Paths.State);
    private readonly History _verifications = new(settings.Paths.State, History.OfVerifications);

    /// <summary>What backups of the kind that is pruned are like.</summary>
    public BackupForm Form { get; init; } = BackupForm.OfArchives(settings);

    /// <summary>Whether more than the cap is removed little by little, the oldest first, rather than not at all until a person has looked.</summary>
    public bool IsGradual { get; init; }

    /// <summary>Whether it is only told what would be removed.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Why nothing is pruned after a run; null if it is.</summary>
    public string? LeftOutBecause { get; init; }

    /// <summary>Prunes the stores that hold the run's backup, if nothing is doubtful there and every source of the run is complete.</summary>
    public async Task RunAfterAsync(RunRecord record, IReadOnlyList<StoredUpload> uploads, CancellationToken cancellation)
    {
        if (record.Sources.Any(source => source.State != SourceState.Complete))
        {
            log.LogInformation("Retention is left out: not every source is complete.");
            return;
        }
        if (LeftOutBecause is not null)
        {
            record.AddWarning($"Retention is left out: {LeftOutBecause}");
            return;
        }
        var reports = new List<StoreReport>();
        foreach (var report in record.Stores)
        {
            var store = uploads.FirstOrDefault(upload => upload is { IsCommitted: true, Checked.Problem: null } && upload.Store.Name == report.Store)?.Store;
            reports.Add(store is null ? report : await PruneAsync(store, report, record, cancellation));
        }
        record.Stores = reports;
    }

    /// <summary>What would become of every backup of a store, with reasons.</summary>
    /// <exception cref="StoreException">The store cannot be listed; without a full list nothing is decided.</exception>
    public async Task<RetentionPlan> PlanAsync(IBackupStore store, CancellationToken cancellation)
    {
        var catalog = await new CatalogReader([store], Form).ReadAsync(cancellation);
        if (!catalog.IsWhole)
            throw new StoreException(string.Join(' ', catalog.Problems));
        var owned = Owned(catalog, store.Name).ToList();
        var strangers = catalog.Entries.Count(entry => entry.Manifest is not null) - owned.Count;
        if (strangers > 0)
        {
            log.LogWarning(
                "Retention in {Location} leaves {Count} archives alone: their manifests are not vouched for by a configured key, or do not fit. 'list' says which.",
                store.Location, strangers);
        }
        return Decide(store, owned, [.. catalog.Entries.Concat(catalog.Lost).Select(entry => entry.Name.FileName)]);
    }

    /// <summary>The backups in a store that somebody we know vouches for, each with its copy there.</summary>
    public IEnumerable<CatalogEntry> Owned(Catalog catalog, string store) =>
        from entry in catalog.Entries
        from copy in entry.Copies
        where copy.Store == store && copy.State is CatalogState.Complete or CatalogState.Partial && IsOurs(copy)
        select entry with { Copies = [copy] };

    /// <summary>Which of these backups, that a store does not have, it would keep if it had them; in the same order.</summary>
    /// <exception cref="IOException">What is known to be bad cannot be read.</exception>
    public IReadOnlyList<CatalogEntry> Wanted(IBackupStore store, Catalog catalog, IReadOnlyList<CatalogEntry> missing)
    {
        var marks = _marks.Read();
        var past = new PastVerifications(_verifications.ReadNewestFirst());
        var plan = _policy.Decide(Owned(catalog, store.Name).Concat(missing).Select(entry => Candidate(entry, store, marks, past)), time.GetUtcNow());
        var kept = plan.Decisions.Where(decision => decision.Keep).Select(decision => decision.Candidate.Archive).ToHashSet();
        return [.. missing.Where(entry => kept.Contains(entry.Name.FileName))];
    }

    private RetentionPlan Decide(IBackupStore store, List<CatalogEntry> owned, HashSet<string> archives)
    {
        try
        {
            var marks = _marks.Read();
            var past = new PastVerifications(_verifications.ReadNewestFirst());
            var candidates = owned.ConvertAll(entry => Candidate(entry, store, marks, past));
            var plan = _policy.Decide(candidates, time.GetUtcNow(), PruningFreeze.Reason(store.Name, marks, archives, candidates, settings.TimeZone));
            return IsGradual ? plan.Gradual() : plan;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"What is known to be bad cannot be read: {failure.Message}", cause: failure);
        }
    }

    /// <summary>What was found bad, or has not been looked at although it should be, is not counted as good.</summary>
    private static RetentionCandidate Candidate(CatalogEntry entry, IBackupStore store, BackupMarks marks, PastVerifications past)
    {
        var archive = entry.Name.FileName;
        var flaw = marks.OfCopy(archive, store.Name) is not null ? "found bad"
            : entry.State != CatalogState.Complete ? "incomplete"
            : marks.OfBackup(archive) is { IsOpen: true } ? "in need of attention"
            : null;
        var candidate = new RetentionCandidate(archive, entry.Name.ManifestFileName, entry.Manifest!.StartedAt, IsGood: flaw is null)
        {
            IsVerified = past.Of(archive, store.Name) is { Copy: { Result: VerificationResult.Good, Level: >= VerificationLevel.Content } },
        };
        return flaw is null ? candidate : candidate with { Flaw = flaw };
    }

    /// <summary>Carries a plan out.</summary>
    public Task<PruneResult> ApplyAsync(IBackupStore store, RetentionPlan plan, bool force, CancellationToken cancellation) =>
        new Pruner(time, log).ApplyAsync(store, plan, force, cancellation);

    /// <summary>Prunes a store outside of any run.</summary>
    /// <exception cref="StoreException">The store cannot be listed.</exception>
    public async Task PruneAsync(IBackupStore store, CancellationToken cancellation)
    {
        var plan = await PlanAsync(store, cancellation);
        if (plan.FrozenBecause is { } frozen)
            log.LogWarning("{Frozen}", frozen);
        if (plan.Removals.Any())
            await ApplyOrTellAsync(store, plan, cancellation);
    }

    /// <summary>Null where it was only told.</summary>
    private async Task<PruneResult?> ApplyOrTellAsync(IBackupStore store, RetentionPlan plan, CancellationToken cancellation)
    {
        if (!IsDryRun)
            return await ApplyAsync(store, plan, force: false, cancellation);
        foreach (var decision in plan.Decisions.Where(decision => !decision.Keep))
        {
            log.LogInformation(
                "Would remove {Backup} from {Store}: {Reason} ({Setting} is on)", decision.Candidate.Archive, store.Name, decision.Reason, LabelSettingTable.DryRun.Name);
        }
        return null;
    }

    /// <summary>
    /// What nobody we know vouches for is not ours to count or to remove: neither what is unsigned though there is a key, nor
    /// what is signed though there is none any more.
    /// </summary>
    private bool IsOurs(StoredCopy copy) => copy.IsOurs(settings.Archive.HasManifestKey);

    private async Task<StoreReport> PruneAsync(IBackupStore store, StoreReport report, RunRecord record, CancellationToken cancellation)
    {
        try
        {
            var plan = await PlanAsync(store, cancellation);
            if (plan.FrozenBecause is { } frozen)
                record.AddWarning(frozen);
            var result = await ApplyOrTellAsync(store, plan, cancellation);
            foreach (var problem in result?.Problems ?? [])
                record.AddLoggedWarning(problem);
            return report with { Kept = result?.Kept, Removed = result?.Removed };
        }
        catch (StoreException failure)
        {
            record.AddWarning($"Retention in the {store.Name} store was left out: {failure.Message}");
            return report;
        }
    }
}
