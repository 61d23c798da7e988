using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Targets;

/// <summary>
/// A file, or a SQLite database with the files that SQLite keeps beside it, replaced by a rename: there is never a moment
/// with half of it.
/// </summary>
internal sealed class FileTarget : IRestoreTarget
{
    private readonly string _path;
    private readonly string _folder;
    private readonly ILogger _log;
    private readonly Swap _swap;
    private readonly Swap _unpacked;
    private CreatedFolders? _created;
    private bool _isPrepared;

    /// <param name="step">What is restored.</param>
    /// <param name="path">Where to.</param>
    /// <param name="outer">A directory around it that is restored before it, or null.</param>
    /// <param name="id">Part of the names of its private folders.</param>
    /// <param name="log">Told of what killed restores have left.</param>
    public FileTarget(RestoreStep step, string path, string? outer, string id, ILogger log)
    {
        Step = step;
        _log = log;
        _path = Paths.Resolve(path);
        _folder = Path.GetDirectoryName(_path) ?? "/";
        _swap = new Swap(_folder, id);
        _unpacked = outer is null ? _swap : new Swap(outer, id);
    }

    public RestoreStep Step { get; }

    public string Place => Paths.ExistingPart(_folder);

    public Task CheckAsync(CancellationToken cancellation)
    {
        if (Directory.Exists(_path))
            throw new RestoreException($"{_path} is a directory, but the backup holds a file. Move it away, then restore again. Nothing was touched.");
        if (_unpacked == _swap)
            _created = CreatedFolders.Make(_folder);
        Paths.MakeStaging(_unpacked, _path);
        _isPrepared = true;
        return Task.CompletedTask;
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, _unpacked.Staging, isTrusted, mayLoseOwners: false);

    public async Task ApplyAsync(CancellationToken cancellation)
    {
        await Leftovers.ClearAsync(_folder, _swap.Id, _log);
        Paths.BringToPlace(_unpacked, _swap);
        var file = Path.GetFileName(_path);
        Directory.CreateDirectory(_swap.New);
        var unpacked = Path.Combine(_swap.New, file);
        File.Move(Path.Combine(_unpacked.Staging, Step.Source.Entry), unpacked);
        Posix.SyncFileSystem(new RawPath(_folder));
        _swap.ExchangeFile(new RawName(file), SqliteFile.Is(unpacked) ? SqliteFile.Companions(file) : []);
    }

    public Task RollBackAsync() => _swap.RollBackAsync();

    public Task CommitAsync()
    {
        _created = null;
        _swap.Commit();
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
}
