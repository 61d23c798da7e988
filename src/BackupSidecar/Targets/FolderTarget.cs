using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>The folder of <c>--to</c>: the source is unpacked there under the name of its entry, and nothing else is touched.</summary>
internal sealed class FolderTarget(RestoreStep step, string folder, string id) : IRestoreTarget
{
    private readonly Swap _staging = new(folder, id);
    private bool _isPrepared;

    public RestoreStep Step { get; } = step;

    public string Place => Paths.ExistingPart(folder);

    public Task CheckAsync(CancellationToken cancellation)
    {
        Paths.MakeStaging(_staging, folder);
        _isPrepared = true;
        return Task.CompletedTask;
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, _staging.Staging, isTrusted, mayLoseOwners: true);

    public Task ApplyAsync(CancellationToken cancellation)
    {
        Posix.Rename(new RawPath(_staging.Staging).Child(Step.Source.Entry), new RawPath(folder).Child(Step.Source.Entry));
        return Task.CompletedTask;
    }

    public async Task RollBackAsync() => await Tree.RemoveAsync(Path.Combine(folder, Step.Source.Entry));

    public Task CommitAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_isPrepared)
            await Tree.RemoveAsync(_staging.Staging);
    }
}
