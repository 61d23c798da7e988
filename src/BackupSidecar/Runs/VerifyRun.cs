using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>
/// One verification: find, and of every copy in every store read the stored bytes, then what is in them. It writes to no store
/// and no target and takes no lock, so backups and retention go on meanwhile. It always ends in a report and never throws
/// what the world did wrong.
/// </summary>
internal sealed class VerifyRun(Settings settings, IReadOnlyList<IBackupStore> stores, TimeProvider time, ILogger log)
{
    /// <summary>A manifest follows its archive at once, unless the store makes trouble. After this time it does not follow any more.</summary>
    private static readonly TimeSpan CommitTime = TimeSpan.FromMinutes(15);

    private readonly CopyReader _copies = new(settings.Paths.Staging, stores, log);

    /// <param name="runId">The run's ID.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="tell">Told of each copy as soon as it is known.</param>
    /// <param name="cancellation">Ends the run; what was found out until then stays in the report.</param>
    public async Task<RunReport> RunAsync(Guid runId, VerifyOptions options, Action<CopyVerification> tell, CancellationToken cancellation)
    {
        var record = new VerifyRecord(runId, settings.Name, time);
        try
        {
            await VerifyAsync(options, found => { record.Add(found); tell(found); }, record, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            record.End(RunOutcome.Interrupted, "The verification was interrupted.");
        }
        catch (BackupRefusedException error)
        {
            record.End(RunOutcome.Refused, error.Message);
        }
        catch (Exception error) when (RestoreRun.IsOfTheWorld(error))
        {
            record.End(RunOutcome.Failed, error.Message);
        }
        return record.Finish();
    }

    private async Task VerifyAsync(VerifyOptions options, Action<CopyVerification> found, VerifyRecord record, CancellationToken cancellation)
    {
        var asked = stores.Where(store => options.Store is null || store.Name == options.Store).ToList();
        if (asked.Count == 0)
        {
            record.End(RunOutcome.NotStarted, $"There is no store '{options.Store}'. Configured: {string.Join(", ", stores.Select(store => store.Name))}.");
            return;
        }
        var catalog = await new CatalogReader(asked, new ManifestFile(settings.Archive, settings.Name), settings.Name).ReadAsync(cancellation);
        record.Unlisted(catalog);
        record.Warn(catalog.PassedOver(options));
        foreach (var entry in catalog.ToVerify(options))
        {
            record.Warn(asked.Where(store => entry.Copies.All(copy => copy.Store != store.Name))
                .Select(store => $"{entry.Name.FileName} is not in the store '{store.Name}'."));
            var pending = options.IsNamed ? [] : entry.Copies.Where(IsBeingCommitted).ToList();
            record.Warn(pending.Select(copy => $"{entry.Name.FileName} in the store '{copy.Store}' has no manifest yet: it was passed over."));
            foreach (var copy in entry.Copies.Except(pending))
                found(await VerifyAsync(entry.Name, copy, options.Level, cancellation));
        }
    }

    private bool IsBeingCommitted(StoredCopy copy) =>
        copy.State is CatalogState.Incomplete or CatalogState.Legacy && time.GetUtcNow() - copy.WrittenAt < CommitTime;

    private async Task<CopyVerification> VerifyAsync(ArchiveName name, StoredCopy copy, VerificationLevel level, CancellationToken cancellation)
    {
        IReadOnlyList<CheckedSource> sources = [];
        var (result, problem) = (VerificationResult.Good, (string?)null);
        try
        {
            CheckManifest(name, copy);
            sources = level == VerificationLevel.Stored ? await StoredAsync(name, copy, cancellation) : await ContentAsync(name, copy, cancellation);
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
        return new CopyVerification(
            name, new VerifiedCopy(name.FileName, copy.Store, level, result, problem), copy.Trust == ManifestTrust.Authentic, sources);
    }

    private void CheckManifest(ArchiveName name, StoredCopy copy)
    {
        if (copy.IsUnread)
            throw new StoreException($"{name.FileName} in the store '{copy.Store}': {copy.Problem}");
        if (copy.IsRefused)
            throw copy.Refused(name, $"is refused: {copy.Problem}");
        if (copy.NotVouchedFor(settings.Archive.HasManifestKey) is { } reason)
            throw copy.Refused(name, reason);
    }

    private async Task<IReadOnlyList<CheckedSource>> StoredAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        await _copies.CheckAsync(name, copy, cancellation);
        return [];
    }

    private async Task<IReadOnlyList<CheckedSource>> ContentAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        var opensWithPassphrase = settings.Archive.Passphrases.Count > 0 && copy.Manifest!.Encryption != Manifest.ForRecipients;
        if (name.IsEncrypted && settings.Archive.SecretKeys.Count == 0 && !opensWithPassphrase)
        {
            throw new StoreException(
                $"{name.FileName} is encrypted for a key that is not here. Set BACKUP_DECRYPTION_KEY, or verify with --level stored.");
        }
        await using var archive = await _copies.FetchAsync(name, copy, cancellation);
        Staging? staging = null;
        try
        {
            var dumps = new DumpChecks(new PostgresClients(), new Sqlite(), () => (staging ??= Staging.Create(settings.Paths.Staging, Guid.NewGuid())).NewPath());
            using var reader = archive.Open(settings.Archive);
            return await ContentCheck.RunAsync(reader, copy.Manifest!, dumps, cancellation);
        }
        catch (BackupRefusedException error)
        {
            throw copy.Refused(name, $"is stored as it was written, but is no good backup: {error.Message.TrimEnd('.')}", error);
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
