using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Runs.Drills;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// One verification: find, and of every copy in every store read the stored bytes, then what is in them. It writes to no store
/// and no target and takes no run lock, so backups and retention go on meanwhile; drills wait for nobody, and go one at a time. It always ends in a report and never throws
/// what the world did wrong.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="stores">Where copies are looked for.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told what is read.</param>
/// <param name="drill">Restores for the third level; without one no copy gets above the second.</param>
internal sealed class VerifyRun(Settings settings, IReadOnlyList<IBackupStore> stores, TimeProvider time, ILogger log, RestoreDrill? drill = null)
{
    /// <summary>A manifest follows its archive at once, unless the store makes trouble. After this time it does not follow any more.</summary>
    private static readonly TimeSpan CommitTime = TimeSpan.FromMinutes(15);

    /// <summary>What backups of the kind that is verified are like.</summary>
    public BackupForm Form { get; init; } = BackupForm.OfArchives(settings);

    private readonly CopyReader _copies = new(settings.Paths.Staging, stores, log);

    /// <param name="runId">The run's ID.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="tell">Told of each copy as soon as it is known.</param>
    /// <param name="cancellation">Ends the run; what was found out until then stays in the report.</param>
    public Task<RunReport> RunAsync(Guid runId, VerifyOptions options, Action<CopyVerification> tell, CancellationToken cancellation) =>
        RunAsync(runId, options.Level == VerificationLevel.Restore, isLevelDemanded: true, tell, (found, record) => VerifyAsync(runId, options, found, record, cancellation), cancellation);

    /// <summary>A scheduled verification.</summary>
    /// <param name="runId">The run's ID.</param>
    /// <param name="mayDrill">Whether any copy may be looked at so closely that others must not do the same meanwhile.</param>
    /// <param name="choose">Which copies it looks at.</param>
    /// <param name="tell">Told of each copy as soon as it is known.</param>
    /// <param name="cancellation">Ends the run; what was found out until then stays in the report.</param>
    public Task<RunReport> RunRoundAsync(
        Guid runId, bool mayDrill, Func<Catalog, IReadOnlyList<CopyToVerify>> choose, Action<CopyVerification> tell, CancellationToken cancellation) =>
        RunAsync(runId, mayDrill, settings.Verification.Level == ScheduledLevel.Restore, tell, (found, record) => VerifyAsync(runId, choose, found, record, cancellation), cancellation);

    private async Task<RunReport> RunAsync(
        Guid runId, bool mayDrill, bool isLevelDemanded, Action<CopyVerification> tell, Func<Action<CopyVerification>, VerifyRecord, Task> verify, CancellationToken cancellation)
    {
        var record = new VerifyRecord(runId, settings.Name, isLevelDemanded, time);
        try
        {
            using var held = mayDrill && drill is not null ? await drill.Sweep.BeginAsync(runId, cancellation) : null;
            if (held is null && drill is not null)
                await drill.Sweep.TrySweepAsync(onlyIfKilled: true, cancellation);
            await verify(found => { record.Add(found); tell(found); }, record);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            record.End(RunOutcome.Interrupted, "The verification was interrupted.");
        }
        catch (BackupRefusedException error)
        {
            record.End(RunOutcome.Refused, error.Message);
        }
        catch (RunLockedException error)
        {
            record.End(RunOutcome.Locked, error.Message);
        }
        catch (Exception error) when (error is ConfigurationException || RestoreRun.IsOfTheWorld(error))
        {
            record.End(RunOutcome.Failed, error.Message);
        }
        return record.Finish();
    }

    private async Task VerifyAsync(Guid runId, VerifyOptions options, Action<CopyVerification> found, VerifyRecord record, CancellationToken cancellation)
    {
        var asked = stores.Where(store => options.Store is null || store.Name == options.Store).ToList();
        if (asked.Count == 0)
        {
            record.End(RunOutcome.NotStarted, $"There is no store '{options.Store}'. Configured: {string.Join(", ", stores.Select(store => store.Name))}.");
            return;
        }
        var catalog = await new CatalogReader(asked, Form).ReadAsync(cancellation);
        record.Unlisted(catalog);
        var chosen = catalog.ToVerify(options);
        record.Warn(catalog.PassedOver(chosen, options));
        foreach (var entry in chosen)
        {
            record.Warn(asked.Where(store => entry.Copies.All(copy => copy.Store != store.Name))
                .Select(store => $"{entry.Name.FileName} is not in the store '{store.Name}'."));
            var pending = options.IsNamed ? [] : entry.Copies.Where(IsBeingCommitted).ToList();
            record.Warn(pending.Select(copy => $"{entry.Name.FileName} in the store '{copy.Store}' has no manifest yet: it was passed over."));
            foreach (var copy in entry.Copies.Except(pending))
                found(await VerifyAsync(runId, entry.Name, copy, options.Level, cancellation));
        }
    }

    private async Task VerifyAsync(
        Guid runId, Func<Catalog, IReadOnlyList<CopyToVerify>> choose, Action<CopyVerification> found, VerifyRecord record, CancellationToken cancellation)
    {
        var catalog = await new CatalogReader(stores, Form).ReadAsync(cancellation);
        record.Unlisted(catalog);
        var proven = new HashSet<string>();
        var chosen = choose(catalog);
        if (chosen.Count == 0)
            record.NothingToVerify();
        foreach (var each in chosen)
        {
            var digest = each.Copy.Manifest?.Stored?.Sha256;
            var level = digest is not null && proven.Contains(digest) ? each.LevelOfTwin : each.Level;
            var verified = await VerifyAsync(runId, each.Name, each.Copy, level, cancellation);
            if (digest is not null && verified.Copy is { Result: VerificationResult.Good, Level: >= VerificationLevel.Content })
                proven.Add(digest);
            found(verified);
        }
    }

    private bool IsBeingCommitted(StoredCopy copy) =>
        copy.State is CatalogState.Incomplete or CatalogState.Legacy && time.GetUtcNow() - copy.WrittenAt < CommitTime;

    private async Task<CopyVerification> VerifyAsync(
        Guid runId, ArchiveName name, StoredCopy copy, VerificationLevel level, CancellationToken cancellation)
    {
        IReadOnlyList<CheckedSource> sources = [];
        DrillReport? drilled = null;
        var (result, problem) = (VerificationResult.Good, (string?)null);
        try
        {
            CheckManifest(name, copy);
            if (level == VerificationLevel.Stored)
            {
                await _copies.CheckAsync(name, copy, cancellation);
            }
            else
            {
                CheckKey(name, copy);
                var begun = time.GetTimestamp();
                await using var archive = await _copies.FetchAsync(name, copy, cancellation);
                var read = time.GetElapsedTime(begun);
                sources = await ContentAsync(archive, cancellation);
                if (level == VerificationLevel.Restore && drill is not null)
                    drilled = await drill.RunAsync(runId, archive, read, cancellation);
            }
            if (drilled is { Result: not VerificationResult.Good })
                (result, problem) = (drilled.Result, Explain(copy, drilled));
        }
        catch (BackupRefusedException error)
        {
            (result, problem) = (VerificationResult.Refused, error.Message);
        }
        catch (Exception error) when (error is ConfigurationException or DllNotFoundException || RestoreRun.IsOfTheWorld(error))
        {
            (result, problem) = (VerificationResult.Unread, error.Message);
        }
        if (result != VerificationResult.Good && await IsGoneAsync(name, copy, cancellation))
            (result, problem) = (VerificationResult.Gone, "it was removed while it was looked at");
        var wanted = level;
        // What could not be restored everywhere counts as what all of it has reached.
        if (level == VerificationLevel.Restore && result == VerificationResult.Good)
            level = drilled?.Level ?? VerificationLevel.Content;
        var verified = new VerifiedCopy(name.FileName, copy.Store, level, result, problem) { IsOnlyUntrue = drilled?.IsOnlyUntrue == true };
        return new CopyVerification(name, verified, copy.Trust == ManifestTrust.Authentic, sources) { Drill = drilled, Wanted = wanted };
    }

    private static string Explain(StoredCopy copy, DrillReport drilled) =>
        drilled.IsOnlyUntrue ? $"{drilled.Archive} in the store '{copy.Store}' came back as it was backed up, but is not what is asserted of it: {drilled.Problem}"
        : drilled.Result == VerificationResult.Refused ? $"{drilled.Archive} in the store '{copy.Store}' is what was backed up, but does not come back: {drilled.Problem}"
        : $"{drilled.Archive} in the store '{copy.Store}': whether it comes back could not be told: {drilled.Problem}";

    private void CheckManifest(ArchiveName name, StoredCopy copy)
    {
        if (copy.IsUnread)
            throw new StoreException($"{name.FileName} in the store '{copy.Store}': {copy.Problem}");
        if (copy.IsRefused)
            throw copy.Refused(name, $"is refused: {copy.Problem}");
        if (copy.NotVouchedFor(settings.Archive.HasManifestKey) is { } reason)
            throw copy.Refused(name, reason);
    }

    /// <exception cref="StoreException">The key that opens it is not here.</exception>
    private void CheckKey(ArchiveName name, StoredCopy copy)
    {
        var opensWithPassphrase = settings.Archive.Passphrases.Count > 0 && copy.Manifest!.Encryption != Manifest.ForRecipients;
        if (name.IsEncrypted && settings.Archive.SecretKeys.Count == 0 && !opensWithPassphrase)
        {
            throw new StoreException(
                $"{name.FileName} is encrypted for a key that is not here. Set BACKUP_DECRYPTION_KEY, or verify with --level stored.");
        }
    }

    private async Task<IReadOnlyList<CheckedSource>> ContentAsync(FetchedArchive archive, CancellationToken cancellation)
    {
        Staging? staging = null;
        try
        {
            var dumps = new DumpChecks(new PostgresClients(), new Sqlite(), () => (staging ??= Staging.Create(settings.Paths.Staging, Guid.NewGuid())).NewPath());
            using var reader = archive.Open(settings.Archive);
            return await ContentCheck.RunAsync(reader, archive.Manifest!, dumps, cancellation);
        }
        catch (BackupRefusedException error)
        {
            throw archive.Copy.Refused(archive.Name, $"is stored as it was written, but is no good backup: {error.Message.TrimEnd('.')}", error);
        }
        finally
        {
            staging?.Dispose();
        }
    }

    /// <summary>Retention takes the manifest first: what was listed with one and has none any more was removed, and did not fail.</summary>
    private async Task<bool> IsGoneAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        if (copy.State is CatalogState.Incomplete or CatalogState.Legacy)
            return false;
        try
        {
            return await stores.First(store => store.Name == copy.Store).FindAsync(name.ManifestFileName, cancellation) is null;
        }
        catch (StoreException failure)
        {
            log.LogDebug("Whether {Archive} was removed meanwhile cannot be told: {Reason}", name.FileName, failure.Message);
            return false;
        }
    }
}
