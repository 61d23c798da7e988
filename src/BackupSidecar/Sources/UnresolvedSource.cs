using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Sources;

/// <summary>What was to be backed up and could not be found out: it fails its check, as a source that cannot be read does.</summary>
internal sealed class UnresolvedSource(UnresolvedSourcePlan plan) : IBackupSource
{
    public SourcePlan Plan => plan;

    public bool IsStaged => true;

    public Task CheckAsync(CancellationToken cancellation) => throw new SourceException(plan.Problem);

    public Task PrepareAsync(CancellationToken cancellation) => throw new SourceException(plan.Problem);

    public ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation) =>
        throw new InvalidOperationException("A source that was never found was to be written.");
}
