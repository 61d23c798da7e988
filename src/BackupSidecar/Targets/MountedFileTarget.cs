using BackupSidecar.Planning;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>
/// A file that is itself a mount point, as Compose makes of <c>./app.cfg:/app.cfg</c>. Nothing can be renamed over it, so its
/// content is overwritten in place; the old content is kept in staging until all is done.
/// </summary>
internal sealed class MountedFileTarget(RestoreStep step, string path, string staging) : IRestoreTarget
{
    private readonly string _new = Path.Combine(staging, step.Source.Entry);
    private readonly string _old = Path.Combine(staging, ".before");
    private readonly List<string> _companions = [];
    private bool _isApplied;

    public RestoreStep Step { get; } = step;

    public string Place => Paths.ExistingPart(staging);

    public Task CheckAsync(CancellationToken cancellation)
    {
        Paths.MakePrivate(staging);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Paths.ReadOnly(path, error);
        }
        return Task.CompletedTask;
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, staging, isTrusted);

    public Task ApplyAsync(CancellationToken cancellation)
    {
        File.Copy(path, _old);
        _isApplied = true;
        foreach (var companion in SqliteFile.Is(_new) ? SqliteFile.Companions(path).Select(name => name.ToString()) : [])
        {
            if (!File.Exists(companion))
                continue;
            File.Copy(companion, Path.Combine(staging, Path.GetFileName(companion)), overwrite: true);
            _companions.Add(companion);
            File.Delete(companion);
        }
        Overwrite(_new);
        return Task.CompletedTask;
    }

    public Task RollBackAsync()
    {
        if (!_isApplied)
            return Task.CompletedTask;
        Overwrite(_old);
        foreach (var companion in _companions)
            File.Copy(Path.Combine(staging, Path.GetFileName(companion)), companion, overwrite: true);
        return Task.CompletedTask;
    }

    public Task CommitAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync() => await Tree.RemoveAsync(staging);

    private void Overwrite(string from)
    {
        using var source = File.OpenRead(from);
        using var target = new FileStream(path, FileMode.Truncate, FileAccess.Write);
        source.CopyTo(target);
        target.Flush(flushToDisk: true);
    }
}
