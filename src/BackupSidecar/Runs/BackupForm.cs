using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs.Artefacts;

namespace BackupSidecar.Runs;

/// <summary>What a kind of backup is like in a store: how it is named, and the document that makes it a backup.</summary>
internal sealed record BackupForm(IBackupNames Names, IManifestFormat Manifests)
{
    /// <summary>Whether a backup is one of those that are meant, as far as its manifest tells.</summary>
    public Func<Manifest, bool> IsMeant { get; init; } = _ => true;

    public static BackupForm OfArchives(Settings settings) =>
        new(new ArchiveNames(settings.Name), new ManifestFile(settings.Archive, settings.Name));

    /// <summary>Dumps of all labelled databases.</summary>
    public static BackupForm OfArtefacts(Settings settings) => new(ArtefactNames.All, new MetadataFile(settings.Archive));

    /// <summary>That of the backups of a plan.</summary>
    public static BackupForm Of(BackupPlan plan, Settings settings) => plan.Artefact is { } artefact
        ? new BackupForm(ArtefactNames.Of(artefact.NameAt(DateTimeOffset.UnixEpoch)), new MetadataFile(settings.Archive))
        {
            IsMeant = ArtefactOwner.Of(artefact.Labelled).Owns,
        }
        : OfArchives(settings);
}
