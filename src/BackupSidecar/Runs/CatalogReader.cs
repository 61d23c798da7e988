using System.Collections.Concurrent;
using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Stores;

namespace BackupSidecar.Runs;

/// <summary>
/// Reads the catalog: lists all stores at once and reads their manifests in parallel. A store that cannot be listed is a
/// problem in the answer and hides nothing of the others.
/// </summary>
internal sealed class CatalogReader(IReadOnlyList<IBackupStore> stores, ManifestFile manifests, string backupName)
{
    private const int ParallelReads = 32;

    public async Task<Catalog> ReadAsync(CancellationToken cancellation)
    {
        var prepared = manifests.PrepareAsync();
        var listings = await Task.WhenAll(stores.Select(store => ReadAsync(store, prepared, cancellation)));
        var entries = OtherKeys.Name([.. listings.SelectMany(listing => listing.Copies)])
            .GroupBy(found => found.Name, found => found.Copy)
            .Select(group => new CatalogEntry(group.Key, [.. group]))
            .OrderByDescending(entry => entry.Name.LocalTime)
            .ThenBy(entry => entry.Name.FileName, StringComparer.Ordinal)
            .ToList();
        return new Catalog(entries, [.. listings.SelectMany(listing => listing.Problems)])
        {
            IsWhole = listings.All(listing => listing.IsWhole),
            Lost = [.. listings.SelectMany(listing => listing.Lost)],
        };
    }

    /// <summary>A manifest as it is stored.</summary>
    /// <exception cref="BackupRefusedException">It is too long to be one.</exception>
    public static async Task<byte[]> ManifestBytesAsync(IBackupStore store, StoredObject manifest, CancellationToken cancellation)
    {
        if (manifest.Bytes > ManifestFile.MostBytes)
            throw new BackupRefusedException($"it has {manifest.Bytes} bytes, which no manifest has");
        await using var stream = await store.OpenReadAsync(manifest.Name, cancellation);
        var bytes = new byte[manifest.Bytes];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    private async Task<Listing> ReadAsync(IBackupStore store, Task prepared, CancellationToken cancellation)
    {
        var objects = new Dictionary<string, StoredObject>(StringComparer.Ordinal);
        try
        {
            await foreach (var found in store.ListAsync(cancellation))
                objects[found.Name] = found;
            await LookAgainAsync(store, objects, cancellation);
        }
        catch (Exception error) when (error is StoreException or IOException or UnauthorizedAccessException)
        {
            return new Listing([], [$"The store '{store.Name}' could not be listed: {error.Message}"]) { IsWhole = false };
        }
        var copies = new ConcurrentBag<(ArchiveName, StoredCopy)>();
        var archives = objects.Values
            .Select(found => (IsArchive: ArchiveName.TryParse(found.Name, backupName, out var name), Name: name, Object: found))
            .Where(found => found.IsArchive)
            .ToList();
        var firstManifest = archives
            .Where(found => objects.ContainsKey(found.Name.ManifestFileName))
            .Select(found => found.Name.LocalTime)
            .DefaultIfEmpty(DateTime.MaxValue)
            .Min();
        var limit = new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellation };
        await prepared;
        await Parallel.ForEachAsync(archives, limit, async (found, token) =>
            copies.Add((found.Name, objects.GetValueOrDefault(found.Name.ManifestFileName) is { } manifest
                ? await CopyAsync(store, found.Name, found.Object, manifest, token)
                : WithoutManifest(store, found.Object, isLegacy: found.Name.LocalTime < firstManifest))));
        var lost = NamesWithoutArchive(objects).ToList();
        return new Listing([.. copies], [.. lost.Select(name => $"The store '{store.Name}' has the manifest {name}, but not its archive.")])
        {
            Lost = [.. lost.Select(name => Lost(store, objects[name])).OfType<CatalogEntry>()],
        };
    }

    /// <summary>
    /// A list is not of one moment: what was stored or removed meanwhile may look like a manifest that has lost its archive.
    /// The archive is looked for first, because retention takes the manifest first.
    /// </summary>
    private static async Task LookAgainAsync(IBackupStore store, Dictionary<string, StoredObject> objects, CancellationToken cancellation)
    {
        foreach (var manifest in NamesWithoutArchive(objects).ToList())
        {
            if (await store.FindAsync(manifest[..^ArchiveName.ManifestSuffix.Length], cancellation) is { } archive)
                objects[archive.Name] = archive;
            else if (await store.FindAsync(manifest, cancellation) is null)
                objects.Remove(manifest);
        }
    }

    private async Task<StoredCopy> CopyAsync(
        IBackupStore store, ArchiveName name, StoredObject archive, StoredObject manifestObject, CancellationToken cancellation)
    {
        var copy = new StoredCopy(store.Name, archive.Bytes, archive.WrittenAt, CatalogState.Damaged);
        try
        {
            var (manifest, trust) = manifests.Read(await ManifestBytesAsync(store, manifestObject, cancellation));
            var problem = Mismatch(name, archive, manifest, trust);
            return copy with
            {
                Manifest = manifest,
                Trust = trust,
                State = trust == ManifestTrust.OtherKey ? CatalogState.OtherKey
                    : problem is not null ? CatalogState.Damaged
                    : manifest.IsComplete ? CatalogState.Complete
                    : CatalogState.Partial,
                Problem = problem,
            };
        }
        catch (Exception error) when (error is BackupRefusedException or StoreException or IOException or UnauthorizedAccessException)
        {
            return copy with { Problem = $"its manifest cannot be read: {error.Message}", IsUnread = error is not BackupRefusedException };
        }
    }

    private static StoredCopy WithoutManifest(IBackupStore store, StoredObject archive, bool isLegacy) =>
        new(store.Name, archive.Bytes, archive.WrittenAt, isLegacy ? CatalogState.Legacy : CatalogState.Incomplete)
        {
            Problem = isLegacy
                ? "no manifest: made by docker-backup-sidecar; restore it with --allow-unverified"
                : "no manifest: its run did not come to its end, and nothing shows that it is whole",
        };

    private static string? Mismatch(ArchiveName name, StoredObject archive, Manifest manifest, ManifestTrust trust)
    {
        if (trust == ManifestTrust.Forged)
            return "its manifest was changed, or was signed with another key than those configured";
        if (manifest.Archive != name.FileName || manifest.BackupName != name.BackupName)
            return $"its manifest belongs to another archive ({manifest.Archive})";
        if (manifest.Stored is null)
            return "its manifest does not say what is stored";
        return manifest.Stored.Bytes == archive.Bytes
            ? null
            : $"{archive.Bytes} bytes are stored, but the manifest says {manifest.Stored.Bytes}";
    }

    private static IEnumerable<string> NamesWithoutArchive(Dictionary<string, StoredObject> objects) =>
        objects.Keys
            .Where(name => name.EndsWith(ArchiveName.ManifestSuffix, StringComparison.Ordinal) && !objects.ContainsKey(name[..^ArchiveName.ManifestSuffix.Length]))
            .Order(StringComparer.Ordinal);

    private CatalogEntry? Lost(IBackupStore store, StoredObject manifest) =>
        ArchiveName.TryParse(manifest.Name[..^ArchiveName.ManifestSuffix.Length], backupName, out var name)
            ? new CatalogEntry(name, [new StoredCopy(store.Name, Bytes: 0, manifest.WrittenAt, CatalogState.Damaged) { Problem = "only its manifest is there: the archive itself is gone" }])
            : null;

    private sealed record Listing(IReadOnlyList<(ArchiveName Name, StoredCopy Copy)> Copies, IReadOnlyList<string> Problems)
    {
        public bool IsWhole { get; init; } = true;

        public IReadOnlyList<CatalogEntry> Lost { get; init; } = [];
    }
}
