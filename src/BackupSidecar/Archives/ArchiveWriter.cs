using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>What was spliced from a tar stream: content bytes, entries, and the digest of the records as they stand in the archive.</summary>
internal sealed record TarContent(long Bytes, long Entries, string TarSha256);

/// <summary>The metadata of an entry that we make ourselves.</summary>
internal readonly record struct EntryAttributes(int Mode, int OwnerId, int GroupId, DateTimeOffset ModifiedAt);

/// <summary>
/// Makes one archive: splices the streams of GNU tar and our own entries into one tar stream, compresses it in blocks on all
/// cores, encrypts it if a key is set, and writes it to <c>destination</c>. Synchronous: each call blocks its thread until
/// the pipeline has room. Disposing without <see cref="Complete"/> abandons the archive and ends every child process.
/// </summary>
internal sealed class ArchiveWriter : IDisposable
{
    /// <param name="settings">Compression, threads and keys.</param>
    /// <param name="destination">Receives the bytes of the archive from another thread; not disposed.</param>
    /// <exception cref="Processes.ProcessFailedException">gpg cannot be started.</exception>
    public static ArchiveWriter Create(ArchiveSettings settings, Stream destination) => throw new NotImplementedException();

    /// <summary>Takes a whole tar stream (of any length, pax or GNU format) up to its end mark and puts its entries into the archive.</summary>
    /// <exception cref="InvalidDataException">It is not a tar stream, or ends before its end mark.</exception>
    public TarContent WriteTar(Stream tar, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Adds a regular file whose content is in staging; the compressed blocks go in verbatim.</summary>
    public void WriteStaged(string name, StagedFile content, EntryAttributes attributes, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Adds a small regular file.</summary>
    public void WriteFile(string name, ReadOnlySpan<byte> content, EntryAttributes attributes) => throw new NotImplementedException();

    /// <summary>Writes the end mark and waits until every byte of the archive is in the destination.</summary>
    /// <exception cref="Processes.ProcessFailedException">gpg failed.</exception>
    public void Complete() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
