using BackupSidecar.Failpoints;

namespace BackupSidecar.Archives.Contents;

/// <summary>
/// Reads an archive once from its start to its end and gives each source its entries. When it returns, everything wanted was
/// there and found good by its taker, and the archive as a whole was read well.
/// </summary>
/// <remarks>
/// The folder holds what a restore and a verification ask of an archive's content: nobody else compares it with its manifest.
/// </remarks>
internal static class ArchiveWalk
{
    /// <exception cref="BackupRefusedException">The archive is damaged, hostile, or not what its manifest says.</exception>
    public static Task ReadAsync(BackupReader reader, IReadOnlyList<IEntryTaker> wanted, CancellationToken cancellation) =>
        Task.Run(() => ReadOnThisThreadAsync(reader, wanted, cancellation), CancellationToken.None);

    /// <summary>Reads the archive for nobody, and returns the first components of its names in their order.</summary>
    /// <exception cref="BackupRefusedException">The archive is damaged.</exception>
    public static Task<IReadOnlyList<string>> RootsAsync(BackupReader reader, CancellationToken cancellation) =>
        Task.Run<IReadOnlyList<string>>(() => Roots(reader, cancellation), CancellationToken.None);

    private static async Task ReadOnThisThreadAsync(BackupReader reader, IReadOnlyList<IEntryTaker> wanted, CancellationToken cancellation)
    {
        var waiting = wanted.ToDictionary(taker => taker.Root, StringComparer.Ordinal);
        IEntryTaker? current = null;
        while (reader.NextEntry(cancellation) is { } entry)
        {
            if (entry.Root != current?.Root)
            {
                if (current is not null)
                    await current.FinishAsync(cancellation);
                if (!waiting.Remove(entry.Root, out current) && wanted.Any(taker => taker.Root == entry.Root))
                    throw new BackupRefusedException($"The archive is not what a backup looks like: the entries of '{entry.Root}' stand apart.");
            }
            current?.Add(entry, cancellation);
            MayFail.At(Failpoint.RestoreUnpackMiddle, cancellation);
        }
        if (current is not null)
            await current.FinishAsync(cancellation);
        reader.Complete();
        if (waiting.Count > 0)
            throw new BackupRefusedException($"The archive does not hold what its manifest says: {string.Join(", ", waiting.Keys)} is missing.");
    }

    private static List<string> Roots(BackupReader reader, CancellationToken cancellation)
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
