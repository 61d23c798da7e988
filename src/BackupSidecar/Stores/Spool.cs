namespace BackupSidecar.Stores;

/// <summary>
/// The archive while it is made: written once, to one file, and followed by any number of readers while it grows. Its bytes
/// are counted and hashed on their way. If its file system has no room left, it moves to the fallback directory with all
/// that it holds, and readers do not notice. Readers of a failed spool get its failure as an exception.
/// </summary>
internal sealed class Spool : IDisposable
{
    /// <param name="directory">Where it lies: the local store's folder, or staging.</param>
    /// <param name="fileName">Its hidden name there: <c>.ARCHIVE.partial</c>.</param>
    /// <param name="fallbackDirectory">Where it moves to when there is no room; null for nowhere.</param>
    public Spool(string directory, string fileName, string? fallbackDirectory) => throw new NotImplementedException();

    /// <summary>Where the file is now.</summary>
    public string FilePath => throw new NotImplementedException();

    /// <summary>Why it moved to the fallback directory, or null.</summary>
    public Exception? MovedBecause => throw new NotImplementedException();

    /// <summary>Bytes that readers may read.</summary>
    public long Length => throw new NotImplementedException();

    /// <summary>What the archive's writer writes to.</summary>
    public Stream Writer => throw new NotImplementedException();

    /// <summary>Everything is written: flushes to the disk, and lets readers come to the end. Returns size and SHA-256 (hex).</summary>
    public (long Bytes, string Sha256) Seal() => throw new NotImplementedException();

    /// <summary>It will never be whole. Readers and waiters fail with this.</summary>
    public void Fail(Exception reason) => throw new NotImplementedException();

    /// <summary>Waits until at least <paramref name="length"/> bytes are there or it is sealed; returns the length and whether it is sealed.</summary>
    public Task<(long Length, bool Sealed)> WaitForAsync(long length, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Completes when it is sealed, with size and SHA-256; fails when it fails.</summary>
    public Task<(long Bytes, string Sha256)> Sealed => throw new NotImplementedException();

    /// <summary>A seekable stream over bytes that are there already.</summary>
    public Stream OpenRead(long offset, long length) => throw new NotImplementedException();

    /// <summary>The local store has renamed the file to its final name: it is not ours to remove any more.</summary>
    public void Adopted(string newPath) => throw new NotImplementedException();

    /// <summary>Removes the file, unless it was adopted.</summary>
    public void Dispose() => throw new NotImplementedException();
}
