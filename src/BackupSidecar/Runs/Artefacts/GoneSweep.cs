using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>
/// Once a day, from four o'clock on as Label Backup did it: retention for databases whose containers are gone, and which no run of
/// their own prunes any more. They keep the newest good ones like all others, and what they had asked for themselves is what holds.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="stores">Where dumps are.</param>
/// <param name="search">Knows which containers there are.</param>
/// <param name="retention">Gives the retention of a group.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told what goes and what goes wrong.</param>
internal sealed class GoneSweep(
    Settings settings, IReadOnlyList<IBackupStore> stores, LabelSearch search, Func<ArtefactGroup, RetentionRun> retention, TimeProvider time, ILogger log)
{
    private const int Hour = 4;

    /// <summary>Sweeps if nobody has done so today. What goes wrong is logged, and tried again tomorrow.</summary>
    public async Task RunIfDueAsync(CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), settings.TimeZone).DateTime.AddHours(-Hour)).ToString("o", CultureInfo.InvariantCulture);
        var note = Path.Combine(settings.Paths.State, "labels.swept");
        try
        {
            using var alone = PosixFiles.OpenShared(note + ".lock", mayCreate: true);
            if (!PosixFiles.TryLock(alone) || (File.Exists(note) && await File.ReadAllTextAsync(note, cancellation) == today))
                return;
            await File.WriteAllTextAsync(note, today, cancellation);
            await RunAsync(cancellation);
        }
        catch (Exception failure) when (failure is StoreException or DockerException or IOException or UnauthorizedAccessException)
        {
            log.LogWarning("Old backups of databases whose containers are gone were not looked for: {Problem}", failure.Message);
        }
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        var present = await search.IdentitiesAsync(cancellation);
        foreach (var store in stores)
        {
            var catalog = await new CatalogReader([store], BackupForm.OfArtefacts(settings)).ReadAsync(cancellation);
            if (!catalog.IsWhole)
                throw new StoreException(string.Join(' ', catalog.Problems));
            // What does not say how long it is to be kept may be that of another host, or of another program.
            foreach (var group in ArtefactGroup.Of(catalog, settings.Archive.HasManifestKey).Where(group => group is { Owner.Identity: not null, Retention: not null } && !present.Contains(group.Owner.Identity)))
                await retention(group).PruneAsync(store, cancellation);
        }
    }
}
