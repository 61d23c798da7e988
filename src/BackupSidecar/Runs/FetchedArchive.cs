using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Runs;

/// <summary>
/// The stored bytes of an archive, checked against its manifest and ready to be read from the start, more than once.
/// Disposing closes them; what was downloaded goes with that.
/// </summary>
internal sealed record FetchedArchive(ArchiveName Name, StoredCopy Copy, Stream Stored) : IAsyncDisposable
{
    public Manifest? Manifest => Copy.Manifest;

    /// <summary>A reader from the start. The caller disposes it before the next.</summary>
    public BackupReader Open(Configuration.ArchiveSettings settings)
    {
        Stored.Position = 0;
        return Name is ArtefactName { EntryName: var entry }
            ? new DumpReader(Stored, Name.IsEncrypted, entry, Manifest?.Sources is [{ Sha256: not null, Bytes: var bytes }] ? bytes : null, new DateTimeOffset(Name.LocalTime, TimeSpan.Zero), settings)
            : ArchiveReader.Open(Stored, Name.Extension, settings);
    }

    public ValueTask DisposeAsync() => Stored.DisposeAsync();
}
