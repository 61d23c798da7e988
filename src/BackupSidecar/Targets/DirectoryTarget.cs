using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Targets;

/// <summary>
/// A directory that becomes what the backup holds, or (merging) gets it laid over. It is unpacked inside the directory itself,
/// so that volumes and bind mounts need nothing but renames.
/// </summary>
internal sealed class DirectoryTarget : IRestoreTarget
{
    private const string LostAndFound = "lost+found";

    private readonly DirectorySourcePlan _plan;
    private readonly ILogger _log;
    private readonly string _path;
    private readonly Swap _swap;
    private readonly Swap _unpacked;
    private readonly Overlay? _overlay;
    private CreatedFolders? _created;
    private bool _isPrepared;

    /// <param name="step">What is restored.</param>
    /// <param name="plan">Where to.</param>
    /// <param name="outer">A directory around it that is restored before it, or null.</param>
    /// <param name="merge">Whether it is laid over what is there.</param>
    /// <param name="id">Part of the names of its private folders.</param>
    /// <param name="log">Told of what killed restores have left.</param>
    public DirectoryTarget(RestoreStep step, DirectorySourcePlan plan, string? outer, bool merge, string id, ILogger log)
    {
        Step = step;
        _plan = plan;
        _log = log;
        _path = Paths.Resolve(plan.Path);
        _swap = new Swap(_path, id);
        _unpacked = outer is null ? _swap : new Swap(outer, id);
        _overlay = merge ? new Overlay(_path, id) : null;
    }

    public RestoreStep Step { get; }

    public string Place => Paths.ExistingPart(_path);

    public Task CheckAsync(CancellationToken cancellation)
    {
        if (File.Exists(_path))
            throw new RestoreException($"{_path} is a file, but the backup holds a directory. Move it away, then restore again. Nothing was touched.");
        CheckMounts();
        if (_overlay is null)
            CheckReplaceable();
        if (_unpacked == _swap)
            _created = CreatedFolders.Make(_path);
        Paths.MakeStaging(_unpacked, _path);
        _isPrepared = true;
        return Task.CompletedTask;
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, _unpacked.Staging, isTrusted, mayLoseOwners: false);

    public async Task ApplyAsync(CancellationToken cancellation)
    {
        await Leftovers.ClearAsync(_path, _swap.Id, _log);
        Paths.BringToPlace(_unpacked, _swap);
        Directory.Move(Path.Combine(_unpacked.Staging, Step.Source.Entry), _swap.New);
        Posix.SyncFileSystem(new RawPath(_path));
        if (_overlay is null)
            _swap.ExchangeAll(Kept());
        else
            _overlay.Apply();
    }

    public Task RollBackAsync() => _overlay is null ? _swap.RollBackAsync() : _overlay.RollBackAsync();

    public Task CommitAsync()
    {
        _created = null;
        _swap.Commit();
        _overlay?.Commit();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isPrepared)
        {
            await _swap.DiscardAsync();
            await _unpacked.DiscardAsync();
        }
        _created?.Remove();
    }

    // A rename can neither move a mounted file system nor move things into one.
    private void CheckMounts()
    {
        var kept = _plan.Excluded.Where(path => _overlay is not null || IsChild(path)).ToHashSet();
        var stuck = MountTable.OfThisProcess().Below(_path).Where(point => !kept.Contains(point)).ToList();
        if (stuck.Count > 0)
        {
            throw new RestoreException(
                $"{_path} cannot be restored in place, because other file systems are mounted inside it: {string.Join(", ", stuck)}. "
                + "Unpack with --to DIR and copy by hand, or restore where they are not mounted. Nothing was touched.");
        }
    }

    // Our own stores inside the directory must never go out with the rest.
    private void CheckReplaceable()
    {
        if (_plan.Excluded.Where(path => !IsChild(path)).FirstOrDefault(Path.Exists) is { } nested)
        {
            throw new RestoreException(
                $"{_path} cannot be replaced, because {nested}, which is not part of the backup, lies deep inside it. "
                + "Use --merge, or --to DIR. Nothing was touched.");
        }
    }

    private HashSet<RawName> Kept() =>
        [.. _plan.Excluded.Where(IsChild).Select(path => new RawName(Path.GetFileName(path.TrimEnd('/')))), new RawName(LostAndFound)];

    private bool IsChild(string path) => Path.GetDirectoryName(path.TrimEnd('/')) is { } parent && (parent == _plan.Path.TrimEnd('/') || parent == _path);
}
