namespace BackupSidecar.Archives;

/// <summary>
/// One entry as it comes by. Its content is read through <see cref="Content"/> or copied by <see cref="CopyContentTo"/>,
/// or the whole entry is handed on as tar records by <see cref="CopyRecordsTo"/>; either way at most once, and before the next entry is asked for.
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

    /// <summary>Whether the content is a map of holes with the data between them, which only tar can make a file of again.</summary>
    public abstract bool IsSparse { get; }

    /// <summary>Whether a tar program may see something else in its records than what is told here.</summary>
    public abstract bool IsAmbiguous { get; }

    public abstract EntryAttributes Attributes { get; }

    public abstract Stream Content { get; }

    /// <summary>Writes the content in large pieces.</summary>
    public abstract void CopyContentTo(Stream destination);

    /// <summary>Writes the entry's records (extended headers, header, content, padding) as they stand in the archive.</summary>
    public abstract void CopyRecordsTo(Stream destination);
}
