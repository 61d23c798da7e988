using BackupSidecar.Archives;
using BackupSidecar.Discovery;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>
/// Whose the backups of a labelled database are: those of one owner count together. The name alone is not enough, for the databases
/// of two containers may be called the same.
/// </summary>
/// <param name="Prefix">The folder.</param>
/// <param name="BackupName">Kind and database.</param>
/// <param name="Identity">What stays the same when the container is made anew; null in metadata of Label Backup.</param>
/// <param name="Container">The container's name, by which Label Backup knew it.</param>
internal sealed record ArtefactOwner(string Prefix, string BackupName, string? Identity, string Container)
{
    public static ArtefactOwner Of(LabelledDatabase labelled) =>
        new(labelled.Prefix, $"{labelled.Kind}-{labelled.Database}", labelled.Identity, labelled.ContainerName);

    /// <summary>As the metadata of a backup name it.</summary>
    public static ArtefactOwner Of(Manifest manifest)
    {
        var slash = manifest.Archive.LastIndexOf('/');
        return new ArtefactOwner(slash < 0 ? "" : manifest.Archive[..slash], manifest.BackupName, manifest.Container?.Identity, manifest.Container?.Name ?? "");
    }

    /// <summary>Whether a backup counts together with those of this one.</summary>
    public bool Owns(Manifest manifest) => Knows(Of(manifest));

    /// <summary>Whether another one is this one, as far as both are known.</summary>
    public bool Knows(ArtefactOwner other) => (other.Prefix, other.BackupName) == (Prefix, BackupName)
        && (other.Identity is null || Identity is null ? other.Container == Container : other.Identity == Identity);
}
