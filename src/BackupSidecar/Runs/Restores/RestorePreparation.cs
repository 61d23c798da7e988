using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Restores;

/// <summary>
/// The part of a restore that touches nothing that is in use: what the archive holds, whether the targets can take it, and the
/// unpacking into their private folders.
/// </summary>
internal sealed class RestorePreparation(ArchiveSettings settings, FetchedArchive archive, bool isTrusted, ILogger log)
{
    /// <exception cref="BackupRefusedException">The archive cannot be read.</exception>
    /// <exception cref="RestoreException">Nothing of it can be restored as asked.</exception>
    public async Task<RestorePlan> PlanAsync(BackupPlan current, RestoreOptions options, CancellationToken cancellation)
    {
        var contents = archive.Manifest is { } manifest
            ? RestorePlanner.Contents(manifest)
            : RestorePlanner.LegacyContents(await NamesAsync(cancellation), current);
        var plan = RestorePlanner.Plan(archive.Name.FileName, contents, current, options);
        return plan with { IsTrusted = archive.Copy.Trust == ManifestTrust.Authentic };
    }

    /// <summary>Checks every target before the first byte is unpacked.</summary>
    /// <exception cref="RestoreException">A target cannot take its source.</exception>
    public static async Task CheckAsync(IReadOnlyList<IRestoreTarget> targets, CancellationToken cancellation)
    {
        FreeSpace.Check(targets.Select(target => (target.Place, target.Step.Source.Manifest?.Bytes ?? 0)));
        foreach (var target in targets)
            await target.CheckAsync(cancellation);
    }

    /// <summary>Unpacks everything that is wanted. Returns what a person should know, a sentence each.</summary>
    /// <exception cref="BackupRefusedException">The archive is damaged or hostile, or not what its manifest says.</exception>
    public async Task<IReadOnlyList<string>> UnpackAsync(IReadOnlyList<IRestoreTarget> targets, CancellationToken cancellation)
    {
        var extractions = new List<IExtraction>();
        try
        {
            foreach (var target in targets)
                extractions.Add(target.Extract(isTrusted));
            log.LogInformation("Unpacking {Archive}", archive.Name.FileName);
            using var reader = archive.Open(settings);
            await ArchiveWalk.ReadAsync(reader, extractions, cancellation);
            Settle(targets);
            return [.. extractions.SelectMany(extraction => extraction.Notes)];
        }
        finally
        {
            foreach (var extraction in extractions)
                await extraction.DisposeAsync();
        }
    }

    /// <summary>
    /// Brings what was unpacked to the disk now, while services run: the exchange waits for the disk as well, and then little
    /// is left to wait for. In a new folder there is no exchange.
    /// </summary>
    private static void Settle(IReadOnlyList<IRestoreTarget> targets)
    {
        foreach (var place in targets.Where(target => target.Step.Target is not (null or DatabaseSourcePlan)).Select(target => target.Place).Distinct(StringComparer.Ordinal))
            Posix.SyncFileSystem(new RawPath(place));
    }

    private async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation)
    {
        using var reader = archive.Open(settings);
        var roots = await ArchiveWalk.RootsAsync(reader, cancellation);
        return [.. roots.Select(root => RawName.FromLatin1(root).ToString())];
    }
}
