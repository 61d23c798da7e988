using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Backups;

/// <summary>What goes into an archive, with the services stopped as long as its sources are read.</summary>
internal sealed class ArchiveStage(Settings settings, BackupPlan plan, AnomalyGuard guard, RunRecord record, TimeProvider time, ILogger log)
{
    private readonly ManifestFile _manifests = new(settings.Archive, settings.Name);

    /// <summary>The name that says when the run began, in local time.</summary>
    public ArchiveName Name =>
        new(settings.Name, TimeZoneInfo.ConvertTime(record.StartedAt, settings.TimeZone).DateTime, plan.ArchiveExtension);

    /// <summary>Fills the spool with the archive, and returns its manifest as it stands inside.</summary>
    /// <exception cref="SourceException">No source could be read.</exception>
    public async Task<Manifest> FillAsync(Spool spool, ArchiveName name, Preflight preflight, StopWindow window, CancellationToken cancellation)
    {
        if (settings.Archive.IsEncrypted)
            log.LogInformation("Encrypting backup");
        using var archive = ArchiveWriter.Create(settings.Archive, spool.Writer);
        var attributes = new EntryAttributes(Convert.ToInt32("600", 8), OwnerId: 0, GroupId: 0, record.StartedAt);
        archive.WriteFile("RESTORE.txt", Encoding.UTF8.GetBytes(RestoreInstructions.For(plan, name, settings.Archive)), attributes);

        // Asked to end, we start the services at once, whatever the reading threads are about to do.
        await using var earlyStart = cancellation.Register(() => _ = window.CloseAtOnceAsync());
        record.Note(guard.Judge(await ReadAsync(archive, preflight, window, cancellation)));
        if (record.Sources.All(source => source.State == SourceState.Failed))
            throw new SourceException("No backup data generated: not one source could be read.");
        var manifest = record.Describe(name, settings, time.GetUtcNow());
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
}
