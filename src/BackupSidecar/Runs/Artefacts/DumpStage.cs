using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>What goes into the backup of a labelled database: its dump, as it comes from the tool.</summary>
internal sealed class DumpStage(Settings settings, ArtefactPlan plan, AnomalyGuard guard, RunRecord record, TimeProvider time, ILogger log)
{
    /// <summary>The name that says when the run began. Nobody else is given it.</summary>
    public ArtefactName Name => plan.NameAt(NameClock.Take(settings.Paths.State, plan.NameAt(record.StartedAt)));

    /// <summary>Fills the spool with the dump, and returns its manifest.</summary>
    /// <exception cref="SourceException">There is no whole dump.</exception>
    public async Task<Manifest> FillAsync(Spool spool, ArchiveName name, Preflight preflight, CancellationToken cancellation)
    {
        if (settings.Archive.IsEncrypted)
            log.LogInformation("Encrypting backup");
        var source = (DatabaseSource)preflight.Readable.Single();
        await using var dump = new DumpWriter(settings.Archive, spool.Writer);
        // A database that has lost everything is stored all the same: only what is there can be accepted by a person.
        record.Note(guard.Judge([await source.DumpToAsync(dump, cancellation)]));
        MayFail.At(Failpoint.ArchiveWritten, cancellation);
        var labelled = plan.Labelled;
        return record.Describe(name, settings, time.GetUtcNow()) with
        {
            Container = new DumpedContainer(labelled.ContainerId, labelled.ContainerName, labelled.Identity, settings.Retention.Age ?? TimeSpan.Zero),
        };
    }
}
