using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>A directory with everything below it, as GNU tar reads it. Its entries are <c>NAME</c> and <c>NAME/…</c>.</summary>
internal sealed class DirectorySource(DirectorySourcePlan plan, ILogger log) : IBackupSource
{
    private readonly string _path = LinkedPath.Resolve(plan.Path);

    public SourcePlan Plan => plan;

    public bool IsStaged => false;

    public async Task CheckAsync(CancellationToken cancellation)
    {
        Readable.RequireDirectory(_path);
        if (!Directory.Exists(_path))
            throw new SourceException(File.Exists(_path) ? "it is not a directory" : "there is no such directory; is its volume mounted?");
        if (HalfRestored() is { } aside)
            throw new SourceException($"a restore was interrupted in it, and what was there before still stands in {aside}; mount the directory read-write and run again, so that it is put back");
        await GnuTar.VersionAsync(cancellation);
    }

    public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation)
    {
        log.LogInformation("Backing up directory: {Directory}", plan.Path);
        var tar = new GnuTar(_path, ".", "^\\.", plan.EntryName) { Excluded = ExcludedMembers() };
        var source = tar.WriteTo(archive, plan, LinkedPath.Describe(plan.Path), cancellation);
        if (source is not { State: SourceState.Complete, Entries: 1 })
            return source;
        log.LogWarning("Directory {Directory} is empty; is its volume mounted?", plan.Path);
        return source with { Skipped = [.. source.Skipped, "the directory is empty"] };
    }

    private string? HalfRestored() => Directory.EnumerateDirectories(_path, OwnNames.Old + "*").FirstOrDefault();

    private List<string> ExcludedMembers() =>
        plan.Excluded
            .Select(path => Path.GetRelativePath(plan.Path, path))
            .Where(path => path != "." && path != ".." && !path.StartsWith("../", StringComparison.Ordinal))
            .Select(path => "./" + path)
            .ToList();
}
