using BackupSidecar.Planning;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>The backups of one labelled database, as stores have them, whether or not its container is still there.</summary>
/// <param name="Owner">Whose they are.</param>
/// <param name="Newest">The name of the newest one.</param>
/// <param name="Retention">How long they are to be kept, as the newest one says that knows it; zero: for ever; null: none of them knows.</param>
internal sealed record ArtefactGroup(ArtefactOwner Owner, ArtefactName Newest, TimeSpan? Retention)
{
    /// <summary>The groups of a catalog of dumps.</summary>
    /// <param name="catalog">The dumps.</param>
    /// <param name="hasManifestKey">Whether there is a key: then what nobody signed has no say in how long dumps are kept.</param>
    public static IReadOnlyList<ArtefactGroup> Of(Catalog catalog, bool hasManifestKey)
    {
        var newestFirst = catalog.Entries.Where(entry => entry is { State: CatalogState.Complete, Manifest: not null, Name: ArtefactName } && entry.Copies.Any(copy => copy.IsOurs(hasManifestKey)))
            .Select(entry => (Owner: ArtefactOwner.Of(entry.Manifest!), Name: (ArtefactName)entry.Name, entry.Manifest!.Container?.Retention)).ToList(); // Asked for above.
        // Where Label Backup was first, it knew of the same container only what it is called.
        var owners = newestFirst.Select(each => each.Owner).Distinct().ToList();
        var own = owners.Where(owner => owner.Identity is not null || !owners.Exists(other => other.Identity is not null && other.Knows(owner)));
        return [.. own.Select(owner => newestFirst.FindAll(each => owner.Knows(each.Owner)))
            .Select(backups => new ArtefactGroup(
                backups.Find(each => each.Owner.Identity is not null).Owner ?? backups[0].Owner,
                backups[0].Name,
                backups.Select(each => each.Retention).FirstOrDefault(retention => retention is not null)))
            .DistinctBy(group => (group.Owner.Prefix, group.Owner.BackupName, group.Owner.Identity ?? group.Owner.Container))
            .OrderBy(group => group.Newest.Beginning, StringComparer.Ordinal)];
    }
}
