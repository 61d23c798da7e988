using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Stores;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Restores;

/// <summary>
/// Gets an archive's stored bytes and proves that they are those of its manifest, from the first store that can give them.
/// A file is read in place; anything else is downloaded to staging.
/// </summary>
internal sealed class ArchiveFetch(Settings settings, IReadOnlyList<IBackupStore> stores, ILogger log)
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
                return await FetchAsync(entry.Name, copy, cancellation);
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
        if (copy.State == CatalogState.Damaged)
            throw new BackupRefusedException($"{name.FileName} in the store '{copy.Store}' is refused: {copy.Problem}. Nothing was touched.");
        if (copy.Manifest is null)
        {
            RefuseUnless(options.AllowUnverified, name, copy,
                "has no manifest: it was made by docker-backup-sidecar, or its run was interrupted, and nothing can show that it is whole");
        }
        else if (copy.Trust == ManifestTrust.NotAuthenticated)
        {
            if (settings.Archive.HasManifestKey)
                RefuseUnless(options.AllowUnverified, name, copy, "has a manifest that nobody signed, although a key is configured here");
            log.LogWarning("NOT AUTHENTICATED: nobody vouches for {Archive}. Whoever can write to the store '{Store}' can change what is restored", name.FileName, copy.Store);
        }
    }

    private void RefuseUnless(bool isAllowed, ArchiveName name, StoredCopy copy, string why)
    {
        if (!isAllowed)
        {
            throw new BackupRefusedException(
                $"{name.FileName} in the store '{copy.Store}' {why}. If you trust it, restore it with --allow-unverified. Nothing was touched.");
        }
        log.LogWarning("UNVERIFIED: {Archive} {Reason}", name.FileName, why);
    }

    private async Task<FetchedArchive> FetchAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        var store = stores.First(store => store.Name == copy.Store);
        log.LogInformation("Reading {Archive} from the store '{Store}' ({Bytes} bytes)", name.FileName, store.Name, copy.Bytes);
        var stream = await store.OpenReadAsync(name.FileName, cancellation);
        return stream.CanSeek
            ? await CheckInPlaceAsync(name, copy, stream, cancellation)
            : await DownloadAsync(name, copy, stream, cancellation);
    }

    private static async Task<FetchedArchive> CheckInPlaceAsync(ArchiveName name, StoredCopy copy, Stream stream, CancellationToken cancellation)
    {
        try
        {
            var (bytes, digest) = await CopyAsync(stream, Stream.Null, cancellation);
            Compare(name, copy, bytes, digest);
            return new FetchedArchive(name, copy, stream, Downloaded: null);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<FetchedArchive> DownloadAsync(ArchiveName name, StoredCopy copy, Stream stream, CancellationToken cancellation)
    {
        await using var source = stream;
        Directory.CreateDirectory(settings.Paths.Staging);
        FreeSpace.Check([(settings.Paths.Staging, copy.Bytes)]);
        var path = Path.Combine(settings.Paths.Staging, $"{OwnNames.Restore}{Guid.NewGuid():N}.partial");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var (bytes, digest) = await CopyAsync(source, file, cancellation);
            Compare(name, copy, bytes, digest);
            return new FetchedArchive(name, copy, file, path);
        }
        catch
        {
            await file.DisposeAsync();
            File.Delete(path);
            throw;
        }
    }

    private static async Task<(long Bytes, string Sha256)> CopyAsync(Stream from, Stream to, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 * 1024];
        var total = 0L;
        for (int read; (read = await ReadAsync(from, buffer, cancellation)) > 0; total += read)
        {
            hash.AppendData(buffer, 0, read);
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
        return (total, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    // Only reading is the store's fault, and lets the next store be tried; a full disk of ours is not.
    private static async Task<int> ReadAsync(Stream from, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await from.ReadAsync(buffer, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The archive cannot be read to its end: {error.Message}", cause: error);
        }
    }

    private static void Compare(ArchiveName name, StoredCopy copy, long bytes, string digest)
    {
        var expected = copy.Manifest?.Stored;
        var isSame = expected is null
            ? bytes == copy.Bytes
            : bytes == expected.Bytes && string.Equals(digest, expected.Sha256, StringComparison.OrdinalIgnoreCase);
        if (!isSame)
        {
            throw new BackupRefusedException(
                $"{name.FileName} in the store '{copy.Store}' is damaged: its bytes are not those that were written "
                + $"({bytes} bytes, SHA-256 {digest}; expected {expected?.Bytes ?? copy.Bytes} bytes{(expected is null ? "" : ", " + expected.Sha256)}). Nothing was touched.");
        }
    }
}
