using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// The middle of a backup run: the archive is written once, into the spool, while every store follows it; when it is sealed,
/// each store commits it by its manifest as soon as its own copy is whole.
/// </summary>
internal sealed class ArchiveStage(
    Settings settings, BackupPlan plan, string? localFolder, string stagingDirectory, AnomalyGuard guard, RunRecord record,
    ProgressWatch progress, TimeProvider time, ILogger log)
{
    /// <summary>For uploads that are given up. What one of them cannot undo meanwhile, because its store does not answer, is swept up later.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly ManifestFile _manifests = new(settings.Archive, settings.Name);

    /// <summary>Makes the archive and returns how it fared in each store. The record gets everything else.</summary>
    /// <exception cref="SourceException">No source could be read.</exception>
    public async Task<IReadOnlyList<StoredUpload>> RunAsync(Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        var name = await FreeNameAsync(preflight.Writable, cancellation);
        (record.Timestamp, record.Archive) = (name.Timestamp, name.FileName);
        using var spool = OpenSpool(name, preflight);
        await using var watch = progress.Follow(spool);
        var manifest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        List<StoredUpload> uploads =
            [.. preflight.Writable.Select(store => StoredUpload.Begin(store, name, spool, manifest.Task, settings.VerifyAfter, log, cancellation))];
        try
        {
            var inside = await FillAsync(spool, name, preflight, window, cancellation);
            var (bytes, sha256) = spool.Seal();
            MayFail.At(Failpoint.SpoolSealed, cancellation);
            record.ArchiveBytes = bytes;
            manifest.SetResult(_manifests.Write(inside with { FinishedAt = time.GetUtcNow(), Stored = new StoredArchive(bytes, sha256) }));
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

    /// <summary>Fills the spool with the archive, and returns its manifest as it stands inside.</summary>
    private async Task<Manifest> FillAsync(Spool spool, ArchiveName name, Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        if (settings.Archive.IsEncrypted)
            log.LogInformation("Encrypting backup");
        using var archive = ArchiveWriter.Create(settings.Archive, spool.Writer);
        var attributes = new EntryAttributes(Convert.ToInt32("600", 8), OwnerId: 0, GroupId: 0, record.StartedAt);
        archive.WriteFile("RESTORE.txt", Encoding.UTF8.GetBytes(RestoreInstructions.For(plan, name, settings.Archive)), attributes);

        // Asked to end, we start the services at once, whatever the reading threads are about to do.
        await using var earlyStart = cancellation.Register(() => _ = window.CloseAtOnceAsync());
        NoteSources(guard.Judge(await ReadAsync(archive, preflight, window, cancellation)));
        if (record.Sources.All(source => source.State == SourceState.Failed))
            throw new SourceException("No backup data generated: not one source could be read.");
        var manifest = Describe(name);
        archive.WriteFile("manifest.json", _manifests.Write(manifest), attributes);
        archive.Complete();
        MayFail.At(Failpoint.ArchiveWritten, cancellation);
        return manifest;
    }

    /// <summary>However the reading ends, the services have been started when it does, and what could not be started is noted.</summary>
    private async Task<IReadOnlyList<ManifestSource>> ReadAsync(
        ArchiveWriter archive, Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        try
        {
            await window.OpenAsync(cancellation);
            MayFail.At(Failpoint.WindowOpen, cancellation);
            return await new SourceReading(archive, window, settings.Dumps.Parallelism).ReadAsync(preflight.Readable, cancellation);
        }
        finally
        {
            foreach (var problem in await window.CloseAtOnceAsync())
                record.AddLoggedProblem(problem);
            record.ServicesStoppedFor = window.Duration;
        }
    }

    private void NoteSources(IReadOnlyList<ManifestSource> taken)
    {
        foreach (var source in taken.Where(source => source.Problem is not null))
            record.AddProblem($"{source.Entry} ({source.Origin}): {source.Problem}");
        foreach (var source in taken.Where(source => source.Problem is null && source.Skipped.Count > 0))
            record.AddWarning($"{source.Entry} ({source.Origin}): {string.Join("; ", source.Skipped)}");
        var byEntry = taken.ToDictionary(source => source.Entry);
        record.Sources = [.. record.Sources.Select(source => byEntry.GetValueOrDefault(source.Entry, source))];
    }

    private Manifest Describe(ArchiveName name) => new()
    {
        CreatedBy = ProgramVersion.Text,
        RunId = record.RunId,
        BackupName = settings.Name,
        Archive = name.FileName,
        StartedAt = record.StartedAt,
        FinishedAt = time.GetUtcNow(),
        TimeZone = settings.TimeZone.Id,
        Compression = settings.Archive.Compression.ToString().ToLowerInvariant(),
        Encryption = settings.Archive.RecipientsFile is not null ? Manifest.ForRecipients : settings.Archive.IsEncrypted ? "passphrase" : "none",
        Sources = record.Sources,
    };

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

    /// <summary>The name of this second in local time, or the next one that no store has used.</summary>
    private async Task<ArchiveName> FreeNameAsync(IReadOnlyList<IBackupStore> writable, CancellationToken cancellation)
    {
        var name = new ArchiveName(settings.Name, TimeZoneInfo.ConvertTime(record.StartedAt, settings.TimeZone).DateTime, plan.ArchiveExtension);
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

    /// <summary>Where there is a local store the archive grows in its folder, so that storing it there is a rename.</summary>
    private Spool OpenSpool(ArchiveName name, Preflight preflight)
    {
        var file = PartialFile.NameFor(name.FileName);
        return localFolder is not null && preflight.Writable.Any(store => store.Name == StoreName.Local)
            ? new Spool(localFolder, file, fallbackDirectory: stagingDirectory, isFollowed: preflight.Writable.Count > 1)
            : new Spool(stagingDirectory, file, fallbackDirectory: null);
    }
}
