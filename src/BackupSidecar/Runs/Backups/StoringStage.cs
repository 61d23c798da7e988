using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// The middle of every backup run: the backup is written once, into the spool, while every store follows it; when it is sealed,
/// each store commits it by its manifest as soon as its own copy is whole. What is written is the matter of others.
/// </summary>
internal sealed class StoringStage(
    Settings settings, IManifestFormat manifests, string? localFolder, string stagingDirectory, RunRecord record,
    ProgressWatch progress, TimeProvider time, ILogger log)
{
    /// <summary>For uploads that are given up. What one of them cannot undo meanwhile, because its store does not answer, is swept up later.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Makes the backup and returns how it fared in each store. The record gets everything else.</summary>
    /// <param name="wanted">Its name, if that is free.</param>
    /// <param name="preflight">Which stores can be written to.</param>
    /// <param name="fill">Fills the spool with the backup of that name, and returns its manifest.</param>
    /// <param name="cancellation">Ends it; nothing stays behind.</param>
    public async Task<IReadOnlyList<StoredUpload>> RunAsync(
        ArchiveName wanted, Preflight preflight, Func<Spool, ArchiveName, Task<Manifest>> fill, CancellationToken cancellation)
    {
        var name = await FreeNameAsync(wanted, preflight.Writable, cancellation);
        (record.Timestamp, record.Archive) = (name.Timestamp, name.FileName);
        using var spool = OpenSpool(name, preflight);
        await using var watch = progress.Follow(spool);
        var manifest = new TaskCompletionSource<Manifest>(TaskCreationOptions.RunContinuationsAsynchronously);
        List<StoredUpload> uploads =
            [.. preflight.Writable.Select(store => StoredUpload.Begin(store, name, spool, WriteAsync(manifest.Task, store, name), settings.VerifyAfter, log, cancellation))];
        try
        {
            var filled = await fill(spool, name);
            var (bytes, sha256) = spool.Seal();
            MayFail.At(Failpoint.SpoolSealed, cancellation);
            record.ArchiveBytes = bytes;
            manifest.SetResult(filled with { FinishedAt = time.GetUtcNow(), Stored = new StoredArchive(bytes, sha256) });
        }
        catch (Exception failure)
        {
            // Not swallowed: the followers must end before the spool goes, and then the failure goes its way.
            spool.Fail(failure);
            manifest.TrySetCanceled(CancellationToken.None);
            await EndOf(uploads).WaitAsync(Patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await WaitForAsync(uploads, preflight, cancellation);
        if (spool.MovedBecause is { } reason)
            record.AddWarning($"The archive was made in {settings.Paths.Staging}, because the local store had no room: {reason.Message}");
        return uploads;
    }

    private async Task<byte[]> WriteAsync(Task<Manifest> manifest, IBackupStore store, ArchiveName name) =>
        manifests.Write(await manifest, $"{store.Location}/{name.FileName}");

    private static Task EndOf(List<StoredUpload> uploads) => Task.WhenAll(uploads.Select(upload => upload.Ended));

    private async Task WaitForAsync(List<StoredUpload> uploads, Preflight preflight, CancellationToken cancellation)
    {
        try
        {
            await EndOf(uploads).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndOf(uploads).WaitAsync(Patience, CancellationToken.None);
        }
        finally
        {
            uploads.ForEach(Note);
            record.Stores = [.. uploads.Select(upload => upload.ToReport()),
                .. preflight.UnwritableBecause.Select(each => new StoreReport(each.Key.Name, each.Key.Location, each.Value))];
        }
    }

    private void Note(StoredUpload upload)
    {
        if (upload.Problem is { } problem)
            record.AddLoggedProblem(problem);
        if (upload is not { IsCommitted: true, Checked: { } found })
            return;
        if (found.Problem is { } doubt)
            record.AddLoggedProblem(doubt);
        if (found.Warning is { } warning)
            record.AddLoggedWarning(warning);
    }

    /// <summary>The wanted name, or the next one that no store has used.</summary>
    private async Task<ArchiveName> FreeNameAsync(ArchiveName wanted, IReadOnlyList<IBackupStore> writable, CancellationToken cancellation)
    {
        var name = wanted;
        while (await IsTakenAsync(name))
            name = name.Next();
        return name;

        async Task<bool> IsTakenAsync(ArchiveName candidate)
        {
            // What a run that was killed in this very second has left there is swept later.
            if (localFolder is not null && File.Exists(Path.Combine(localFolder, PartialFile.NameFor(candidate.FileName))))
                return true;
            foreach (var store in writable)
            {
                if (await HoldsAsync(store, candidate))
                    return true;
            }
            return false;
        }

        async Task<bool> HoldsAsync(IBackupStore store, ArchiveName candidate)
        {
            try
            {
                return await store.FindAsync(candidate.FileName, cancellation) is not null
                    || await store.FindAsync(candidate.ManifestFileName, cancellation) is not null;
            }
            catch (StoreException failure)
            {
                // It failed since it was looked at. Its own upload fails too, or finds the name taken; the others go on.
                log.LogWarning("The {Store} store could not be asked for {Archive}: {Problem}", store.Name, candidate.FileName, failure.Message);
                return false;
            }
        }
    }

    /// <summary>Where there is a local store the backup grows in its folder, so that storing it there is a rename.</summary>
    private Spool OpenSpool(ArchiveName name, Preflight preflight)
    {
        var file = PartialFile.NameFor(Path.GetFileName(name.FileName));
        if (localFolder is null || preflight.Writable.All(store => store.Name != StoreName.Local))
            return new Spool(stagingDirectory, file, fallbackDirectory: null);
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(localFolder, name.FileName))!).FullName; // It lies below the local folder.
        return new Spool(folder, file, fallbackDirectory: stagingDirectory, isFollowed: preflight.Writable.Count > 1);
    }
}
