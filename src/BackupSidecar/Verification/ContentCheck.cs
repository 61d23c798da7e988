using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Planning;

namespace BackupSidecar.Verification;

/// <summary>What became of one source: how it was read, and in words what that leaves open (null if nothing).</summary>
internal sealed record CheckedSource(ManifestSource Source, string? Reader, string? Remark);

/// <summary>
/// The second level of a verification, for stored bytes that have passed the first: the key opens the archive, every source's
/// entries have the numbers and digests of the manifest, and every dump is read from end to end by its engine's own tool.
/// Nothing is unpacked to a disk, but for the copy that SQLite needs.
/// </summary>
internal static class ContentCheck
{
    /// <param name="reader">The archive, from its start.</param>
    /// <param name="manifest">What it must hold.</param>
    /// <param name="dumps">What reads dumps.</param>
    /// <param name="cancellation">Ends the check and every tool.</param>
    /// <exception cref="BackupRefusedException">It holds something else, or a dump cannot be read.</exception>
    public static async Task<IReadOnlyList<CheckedSource>> RunAsync(
        BackupReader reader, Manifest manifest, DumpChecks dumps, CancellationToken cancellation)
    {
        var sources = RestorePlanner.Contents(manifest);
        var checks = new List<SourceCheck>();
        try
        {
            foreach (var source in sources.Where(source => source.Manifest?.State != SourceState.Failed))
                checks.Add(new SourceCheck(source, await dumps.ForAsync(source, cancellation)));
            await ArchiveWalk.ReadAsync(reader, checks, cancellation);
            return [.. manifest.Sources.Select(source => Describe(source, checks.Find(check => ReferenceEquals(check.Source.Manifest, source))))];
        }
        finally
        {
            foreach (var check in checks)
                await check.DisposeAsync();
        }
    }

    private static CheckedSource Describe(ManifestSource source, SourceCheck? check) => new(source, check?.Reader, source.State switch
    {
        SourceState.Failed => $"not in this backup: it failed then ({source.Problem ?? "no reason was noted"})",
        SourceState.Incomplete => $"incomplete since it was made ({source.Problem ?? "no reason was noted"})",
        _ => check?.Unread is { } unread ? $"is what was backed up, but was not read by its own tool: {unread}" : null,
    });
}
