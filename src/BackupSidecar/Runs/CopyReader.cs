using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Stores;
using BackupSidecar.Targets;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs;

/// <summary>Reads one stored copy of an archive and proves that its bytes are those of its manifest.</summary>
internal sealed class CopyReader(string staging, IReadOnlyList<IBackupStore> stores, ILogger log)
{
    /// <summary>Reads it to its end, and keeps nothing.</summary>
    /// <exception cref="BackupRefusedException">Its bytes are not those that were written.</exception>
    /// <exception cref="StoreException">The store does not give them.</exception>
    public async Task CheckAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        await using var stored = await OpenAsync(name, copy, cancellation);
        await CheckAsync(name, copy, stored, Stream.Null, cancellation);
    }

    /// <summary>
    /// The same bytes for reading once more. A file is read where it is; anything else is downloaded to staging first, as it is
    /// stored, because nothing of it may be looked at before all of it has been checked.
    /// </summary>
    /// <exception cref="BackupRefusedException">Its bytes are not those that were written.</exception>
    /// <exception cref="StoreException">The store does not give them.</exception>
    public async Task<FetchedArchive> FetchAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        var stored = await OpenAsync(name, copy, cancellation);
        if (stored.CanSeek)
            return await ProvenAsync(name, copy, stored, Stream.Null, cancellation);
        await using (stored)
            return await ProvenAsync(name, copy, stored, NamelessFile(copy.Bytes), cancellation);
    }

    private async Task<Stream> OpenAsync(ArchiveName name, StoredCopy copy, CancellationToken cancellation)
    {
        var store = stores.First(store => store.Name == copy.Store);
        log.LogInformation("Reading {Archive} from the store '{Store}' ({Bytes} bytes)", name.FileName, store.Name, copy.Bytes);
        return await store.OpenReadAsync(name.FileName, cancellation);
    }

    private static async Task<FetchedArchive> ProvenAsync(ArchiveName name, StoredCopy copy, Stream stored, Stream download, CancellationToken cancellation)
    {
        var kept = download == Stream.Null ? stored : download;
        try
        {
            await CheckAsync(name, copy, stored, download, cancellation);
            return new FetchedArchive(name, copy, kept);
        }
        catch
        {
            await kept.DisposeAsync();
            throw;
        }
    }

    private static async Task CheckAsync(ArchiveName name, StoredCopy copy, Stream stored, Stream copyTo, CancellationToken cancellation)
    {
        var expected = copy.Manifest?.Stored;
        try
        {
            await StoredBytes.CheckAsync(stored, expected?.Bytes ?? copy.Bytes, expected?.Sha256, copyTo, cancellation);
        }
        catch (BackupRefusedException error)
        {
            throw copy.Refused(name, $"is damaged: {error.Message}", error);
        }
    }

    /// <summary>A file in staging that lost its name when it was made: whatever becomes of us, it goes when it is closed.</summary>
    private FileStream NamelessFile(long bytes)
    {
        Directory.CreateDirectory(staging);
        FreeSpace.Check([(staging, bytes)]);
        var path = Path.Combine(staging, $"{OwnNames.Restore}{Guid.NewGuid():N}.partial");
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        File.Delete(path);
        return file;
    }
}
