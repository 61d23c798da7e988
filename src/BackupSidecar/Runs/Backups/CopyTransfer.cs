using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using BackupSidecar.Verification;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// Takes a backup from one store into another as it is, under the same names: its bytes are compared with its manifest while they are
/// read, its upload is checked as any other, and the manifest, byte for byte the same, comes last. Nothing is overwritten, and what
/// does not come to its end leaves nothing.
/// </summary>
internal sealed class CopyTransfer(Settings settings, string? localFolder, CopyReader copies, ILogger log)
{
    /// <summary>For an upload that is given up; what it cannot undo meanwhile is swept up later.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly ManifestFile _manifests = new(settings.Archive, settings.Name);

    /// <returns>How the new copy was compared with what was sent.</returns>
    /// <exception cref="BackupRefusedException">The copy that there is, is not what was stored.</exception>
    /// <exception cref="StoreNameTakenException">Something else has its name.</exception>
    /// <exception cref="StoreException">A store fails, or has no room.</exception>
    public async Task<CheckedUpload> CopyAsync(ArchiveName name, StoredCopy copy, IBackupStore from, IBackupStore to, CancellationToken cancellation)
    {
        var manifest = await ManifestAsync(name, copy, from, cancellation);
        MayFail.At(Failpoint.BeforeMakingUp, cancellation);
        if (await to.FindAsync(name.FileName, cancellation) is not null)
            return await CommitAsync(name, copy, to, manifest, cancellation);
        CheckRoom(to, copy.Bytes);
        var folder = to.Name == StoreName.Local && localFolder is not null ? localFolder : settings.Paths.Staging;
        using var spool = await copies.SpoolAsync(name, copy, folder, cancellation);
        MayFail.At(Failpoint.MissedCopyRead, cancellation);
        var upload = StoredUpload.Begin(to, name, spool, Task.FromResult(manifest), settings.VerifyAfter, log, cancellation);
        await upload.Ended.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await upload.Ended.WaitAsync(Patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (upload is { IsCommitted: true, Checked: { } found })
            return found;
        cancellation.ThrowIfCancellationRequested();
        throw new StoreException(upload.ToReport().Problem!); // What is not committed has one.
    }

    /// <summary>The manifest's own bytes, which another manifest may have replaced since the list was read.</summary>
    private async Task<byte[]> ManifestAsync(ArchiveName name, StoredCopy copy, IBackupStore from, CancellationToken cancellation)
    {
        var stored = await from.FindAsync(name.ManifestFileName, cancellation)
            ?? throw new StoreException($"{from.Location}/{name.FileName} was removed a moment ago.");
        var bytes = await CatalogReader.ManifestBytesAsync(from, stored, cancellation);
        var (manifest, trust) = _manifests.Read(bytes);
        return trust == copy.Trust && manifest.Archive == name.FileName && manifest.Stored == copy.Manifest?.Stored
            ? bytes
            : throw new StoreException($"The manifest of {from.Location}/{name.FileName} was changed a moment ago.");
    }

    /// <summary>A run that was killed before the manifest, or could not write it, has left the archive there. If it is whole, only the manifest is missing.</summary>
    private static async Task<CheckedUpload> CommitAsync(
        ArchiveName name, StoredCopy copy, IBackupStore to, byte[] manifest, CancellationToken cancellation)
    {
        try
        {
            await using var stored = await to.OpenReadAsync(name.FileName, cancellation);
            await StoredBytes.CheckAsync(stored, copy.Manifest!.Stored!.Bytes, copy.Manifest.Stored.Sha256, Stream.Null, cancellation); // ManifestAsync has looked.
        }
        catch (BackupRefusedException other)
        {
            throw new StoreNameTakenException(
                $"{to.Location}/{name.FileName} is there without a manifest, and {other.Message}. If nobody needs it, remove it by hand.", other);
        }
        await to.PutAsync(name.ManifestFileName, manifest, cancellation);
        return new CheckedUpload(UploadCheck.ReadBack);
    }

    /// <summary>A disk that an old backup fills has no room for the next one, which is worth more.</summary>
    private void CheckRoom(IBackupStore to, long bytes)
    {
        if (to.Name != StoreName.Local || localFolder is null)
            return;
        var free = new DriveInfo(localFolder).AvailableFreeSpace;
        if (free < 2 * bytes)
        {
            throw new StoreException(
                $"{localFolder} has {ReportText.Size(free)} free, and it and the next backup need twice {ReportText.Size(bytes)}. Free some, or keep fewer backups there.");
        }
    }
}
