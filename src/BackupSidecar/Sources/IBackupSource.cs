using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Sources;

/// <summary>
/// Something to back up. A run first checks all of its sources, then (services stopped) prepares them in parallel, then
/// writes them into the archive one after another.
/// </summary>
internal interface IBackupSource
{
    SourcePlan Plan { get; }

    /// <summary>
    /// Whether everything was read once <see cref="PrepareAsync"/> has returned. Such a source is written into the archive
    /// after the services run again.
    /// </summary>
    bool IsStaged { get; }

    /// <summary>Checks, before anything is stopped, that the source is there and that its tool can read it.</summary>
    /// <exception cref="SourceException">It is not, or cannot.</exception>
    Task CheckAsync(CancellationToken cancellation);

    /// <summary>Reads a database into staging and checks that the dump is whole. Nothing to do for directories and files.</summary>
    /// <exception cref="SourceException">The dump failed; nothing of it stays behind.</exception>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes the source's entries and returns its line of the manifest (complete or incomplete). Blocks its thread while it
    /// reads and writes. An exception leaves the archive unusable, and the run fails.
    /// </summary>
    ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation);
}

/// <summary>A source could not be read. The run goes on without it and ends as partial.</summary>
internal sealed class SourceException(string message, Exception? cause = null) : Exception(message, cause);
