using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// One entry as it comes by. Its content is read through <see cref="Content"/>, or the whole entry is handed on as tar
/// records by <see cref="CopyRecordsTo"/>; either way at most once, and before the next entry is asked for.
/// </summary>
internal abstract class ArchiveEntry
{
    /// <summary>The name's bytes as Latin-1 characters (a name is any bytes but NUL), without a leading "./" and a trailing "/".</summary>
    public abstract string Name { get; }

    /// <summary>The first component of the name.</summary>
    public string Root => Name.Split('/', 2)[0];

    /// <summary>The tar type flag: '0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' directory, '6' FIFO.</summary>
    public abstract char Type { get; }

    /// <summary>Target of a link, as <see cref="Name"/>; empty otherwise.</summary>
    public abstract string LinkTarget { get; }

    /// <summary>Length of the content in the archive.</summary>
    public abstract long Bytes { get; }

    public abstract EntryAttributes Attributes { get; }

    public abstract Stream Content { get; }

    /// <summary>Writes the entry's records (extended headers, header, content, padding) as they stand in the archive.</summary>
    public abstract void CopyRecordsTo(Stream destination);
}

/// <summary>
/// Reads an archive from its stored bytes: decrypts, decompresses, and gives its entries one by one. Synchronous, like the
/// writer. What was read may be trusted only after <see cref="Complete"/> has returned.
/// </summary>
internal sealed class ArchiveReader : IDisposable
{
    /// <param name="stored">The stored bytes, read from their start on another thread; not disposed.</param>
    /// <param name="extension">".tar.gz.gpg" and its kin: how the archive was made.</param>
    /// <param name="settings">Keys.</param>
    /// <exception cref="BackupRefusedException">It is encrypted and no key is configured.</exception>
    public static ArchiveReader Open(Stream stored, string extension, ArchiveSettings settings) => throw new NotImplementedException();

    /// <summary>The next entry, or null at the archive's end mark.</summary>
    /// <exception cref="BackupRefusedException">The archive is damaged, or the key does not open it.</exception>
    public ArchiveEntry? NextEntry(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Reads to the end and checks that decompression and decryption (DECRYPTION_OKAY, GOODMDC) ended well.</summary>
    /// <exception cref="BackupRefusedException">They did not.</exception>
    public void Complete() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
