using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Runs.Restores;

/// <summary>
/// The stored bytes of an archive, checked against its manifest and ready to be read from the start, more than once.
/// Disposing closes them, and removes what was downloaded.
/// </summary>
internal sealed record FetchedArchive(ArchiveName Name, StoredCopy Copy, Stream Stored, string? Downloaded) : IAsyncDisposable
{
    public Manifest? Manifest => Copy.Manifest;

    /// <summary>A reader from the start. The caller disposes it before the next.</summary>
    public ArchiveReader Open(Configuration.ArchiveSettings settings)
    {
        Stored.Position = 0;
        return ArchiveReader.Open(Stored, Name.Extension, settings);
    }

    public async ValueTask DisposeAsync()
    {
        await Stored.DisposeAsync();
        if (Downloaded is not null)
            File.Delete(Downloaded);
    }
}
