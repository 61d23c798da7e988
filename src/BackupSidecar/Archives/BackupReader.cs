namespace BackupSidecar.Archives;

/// <summary>
/// Gives the entries of a backup one by one, from its stored bytes. Synchronous, like the writers. What was read may be trusted only after
/// <see cref="Complete"/> has returned.
/// </summary>
internal abstract class BackupReader : IDisposable
{
    /// <summary>The next entry, or null at the end.</summary>
    /// <exception cref="BackupRefusedException">The backup is damaged, or the key does not open it.</exception>
    public abstract ArchiveEntry? NextEntry(CancellationToken cancellation);

    /// <summary>Reads to the end and checks that decompression and decryption (the modification detection code) ended well.</summary>
    /// <exception cref="BackupRefusedException">They did not.</exception>
    public abstract void Complete();

    public abstract void Dispose();
}
