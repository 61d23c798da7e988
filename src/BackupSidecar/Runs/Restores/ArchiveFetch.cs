using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Restores;

/// <summary>Gets an archive's proven bytes from the first store that has a copy to be trusted and can give it.</summary>
internal sealed class ArchiveFetch(CopyReader copies, bool hasManifestKey, ILogger log)
{
    /// <exception cref="BackupRefusedException">No copy may be used.</exception>
    /// <exception cref="StoreException">No store could be read.</exception>
    public async Task<FetchedArchive> FetchAsync(CatalogEntry entry, RestoreOptions options, CancellationToken cancellation)
    {
        Exception? last = null;
        foreach (var copy in entry.Copies.OrderBy(copy => copy.State))
        {
            if (last is not null)
                log.LogWarning("Trying the copy in the store '{Store}' instead", copy.Store);
            try
            {
                CheckTrust(entry.Name, copy, options);
                return await copies.FetchAsync(entry.Name, copy, cancellation);
            }
            catch (Exception error) when (error is BackupRefusedException or StoreException)
            {
                log.LogWarning("{Problem}", error.Message);
                // What a store holds says more about the backup than that another could not be reached.
                last = last is BackupRefusedException && error is StoreException ? last : error;
            }
        }
        throw last ?? new BackupRefusedException($"{entry.Name.FileName} is in no store.");
    }

    private void CheckTrust(ArchiveName name, StoredCopy copy, RestoreOptions options)
    {
        if (copy.IsRefused)
            throw copy.Refused(name, $"is refused: {copy.Problem}");
        if (copy.NotVouchedFor(hasManifestKey) is { } reason)
        {
            if (!options.AllowUnverified)
                throw copy.Refused(name, $"{reason}. If you trust it, restore it with --allow-unverified");
            log.LogWarning("UNVERIFIED: {Archive} {Reason}", name.FileName, reason);
        }
        if (copy.Trust == ManifestTrust.NotAuthenticated)
            log.LogWarning("NOT AUTHENTICATED: nobody vouches for {Archive}. Whoever can write to the store '{Store}' can change what is restored", name.FileName, copy.Store);
    }
}
