namespace BackupSidecar.Stores;

/// <summary>An object in a store's folder for one backup name: its name without the folder, its size, when it was written.</summary>
internal sealed record StoredObject(string Name, long Bytes, DateTimeOffset WrittenAt);

/// <summary>
/// A place where backups and their manifests are kept, below one folder. Every write is whole or
/// none and never replaces anything: what carries a final name is complete. A store knows nothing of backups or manifests.
/// </summary>
internal interface IBackupStore : IDisposable
{
    /// <summary>"local" or "s3": what <c>--from</c> takes and reports say.</summary>
    string Name { get; }

    /// <summary>Where it is, for people: a path or an <c>s3://</c> address. No secret in it.</summary>
    string Location { get; }

    /// <summary>Checks that the store can be reached, written to and listed.</summary>
    /// <exception cref="StoreException">It cannot; the message names what is missing.</exception>
    Task ProbeAsync(CancellationToken cancellation);

    /// <summary>Everything in the folder with a final name, in no order. Fails rather than give a part of the list.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation);

    /// <summary>The same, but only what has a name that begins so.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string beginning, CancellationToken cancellation) =>
        ListAsync(cancellation).Where(found => found.Name.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>The object of that name, or null.</summary>
    Task<StoredObject?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Stores what the spool holds, following it while it grows, and returns once it is sealed, durable, and its stored size
    /// is that of the spool. If the spool fails or the token fires, nothing stays behind.
    /// </summary>
    /// <exception cref="StoreNameTakenException">The name is taken.</exception>
    Task UploadAsync(string name, Spool spool, CancellationToken cancellation);

    /// <summary>Stores a small object.</summary>
    /// <exception cref="StoreNameTakenException">The name is taken.</exception>
    Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Opens an object for reading from its start. The caller disposes the stream.</summary>
    Task<Stream> OpenReadAsync(string name, CancellationToken cancellation);

    /// <summary>Fills the buffer with the object's bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="StoreException">They cannot be read, or there are not so many.</exception>
    Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation);

    /// <summary>
    /// A checksum that the store has computed itself, over all that it holds of an object; null where there is none. One that we
    /// sent does not count: a store may keep and return it without a look at the bytes.
    /// </summary>
    Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation);

    /// <summary>Removes an object; one that is not there counts as removed.</summary>
    Task DeleteAsync(string name, CancellationToken cancellation);

    /// <summary>Removes what interrupted runs of ours left under temporary names (older than a day, or certainly not in use).</summary>
    Task SweepAsync(CancellationToken cancellation);
}
