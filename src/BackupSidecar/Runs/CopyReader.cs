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

    /// <summary>The same bytes as a sealed spool, to be stored once more. A file is read where it is, and anything else is downloaded into the folder.</summary>
    /// <exception cref="BackupRefusedException">Its bytes are not those that were written.</exception>
    /// <exception cref="StoreException">The store does not give them.</exception>
    /// <exception cref="IOException">The folder does not take them.</exception>
    public async Task<Spool> SpoolAsync(ArchiveName name, StoredCopy copy, string folder, CancellationToken cancellation)
    {
        var sha256 = copy.Manifest?.Stored?.Sha256 ?? throw copy.Refused(name, "has no manifest that tells its bytes");
        var stored = await OpenAsync(name, copy, cancellation);
        if (stored is FileStream file)
            return await InPlaceAsync(name, copy, file, sha256, cancellation);
        await using (stored)
            return await DownloadAsync(name, copy, stored, folder, cancellation);
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

    private static async Task<Spool> InPlaceAsync(ArchiveName name, StoredCopy copy, FileStream file, string sha256, CancellationToken cancellation)
    {
        try
        {
            await CheckAsync(name, copy, file, Stream.Null, cancellation);
            return new Spool(file, sha256);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static async Task<Spool> DownloadAsync(ArchiveName name, StoredCopy copy, Stream stored, string folder, CancellationToken cancellation)
    {
        // Two runs of one name meet only where the archive gets its name, and there one of them loses.
        var spool = new Spool(folder, PartialFile.NameFor($"{name.FileName}.{Guid.NewGuid():N}"), fallbackDirectory: null, isFollowed: false);
        try
        {
            await CheckAsync(name, copy, stored, spool.Writer, cancellation);
            spool.Seal();
            return spool;
        }
        catch
        {
            spool.Dispose();
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
