using BackupSidecar.Archives;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Reads an archive once from its start to its end and gives each wanted source its entries. When it returns, everything wanted
/// is unpacked and checked, and the archive as a whole was read well; no target was touched.
/// </summary>
internal static class Unpacker
{
    /// <exception cref="BackupRefusedException">The archive is damaged, hostile, or not what its manifest says.</exception>
    public static Task UnpackAsync(ArchiveReader reader, IReadOnlyList<IExtraction> wanted, CancellationToken cancellation) =>
        Task.Run(() => Unpack(reader, wanted, cancellation), CancellationToken.None);

    /// <summary>Reads the archive without unpacking anything, and returns the first components of its names in their order.</summary>
    /// <exception cref="BackupRefusedException">The archive is damaged.</exception>
    public static Task<IReadOnlyList<string>> RootsAsync(ArchiveReader reader, CancellationToken cancellation) =>
        Task.Run<IReadOnlyList<string>>(() => Roots(reader, cancellation), CancellationToken.None);

    private static async Task Unpack(ArchiveReader reader, IReadOnlyList<IExtraction> wanted, CancellationToken cancellation)
    {
        var waiting = wanted.ToDictionary(extraction => extraction.Root, StringComparer.Ordinal);
        IExtraction? current = null;
        while (reader.NextEntry(cancellation) is { } entry)
        {
            if (entry.Root != current?.Root)
            {
                if (current is not null)
                    await current.FinishAsync(cancellation);
                if (!waiting.Remove(entry.Root, out current) && wanted.Any(extraction => extraction.Root == entry.Root))
                    throw new BackupRefusedException($"The archive is not what a backup looks like: the entries of '{entry.Root}' stand apart. Nothing was restored.");
            }
            current?.Add(entry, cancellation);
        }
        if (current is not null)
            await current.FinishAsync(cancellation);
        reader.Complete();
        if (waiting.Count > 0)
            throw new BackupRefusedException($"The archive does not hold what its manifest says: {string.Join(", ", waiting.Keys)} is missing. Nothing was restored.");
    }

    private static List<string> Roots(ArchiveReader reader, CancellationToken cancellation)
    {
        var roots = new List<string>();
        while (reader.NextEntry(cancellation) is { } entry)
        {
            // docker-backup-sidecar packed ".", so its archives begin with an entry for that folder itself.
            if (entry.Root is not ("" or ".") && !roots.Contains(entry.Root))
                roots.Add(entry.Root);
        }
        reader.Complete();
        return roots;
    }
}
