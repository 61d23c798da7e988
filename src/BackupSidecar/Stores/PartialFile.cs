using BackupSidecar.Processes;
using Microsoft.Win32.SafeHandles;

namespace BackupSidecar.Stores;

/// <summary>
/// A new file under a hidden name: readable by its owner only, marked as in use while it is open, and gone when disposed,
/// unless it was committed under its final name. Where it cannot be removed any more, the next sweep finds it unused.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    public const string Suffix = ".partial";

    private bool _committed;

    public PartialFile(string path)
    {
        Path = path;
        Handle = PosixFiles.CreatePrivate(path);
        PosixFiles.MarkInUse(Handle);
    }

    /// <summary>A file that is whole and has its name: it stays. Takes it over.</summary>
    public PartialFile(FileStream whole) => (Path, Handle, _committed) = (whole.Name, whole.SafeFileHandle, true);

    public string Path { get; private set; }

    public SafeFileHandle Handle { get; }

    /// <summary>The hidden name that an object has until it is whole.</summary>
    public static string NameFor(string finalName) => $".{finalName}{Suffix}";

    /// <summary>Whether writes go past the page cache. They must then be aligned.</summary>
    public bool IsDirect { get; private set; }

    /// <summary>Lets writes go past the page cache from now on, where the file system can do that, or no longer.</summary>
    public void SetDirect(bool isDirect) => IsDirect = PosixFiles.TrySetDirect(Handle, isDirect) && isDirect;

    public void FlushToDisk() => RandomAccess.FlushToDisk(Handle);

    /// <summary>The file has its final name now, and stays.</summary>
    public void Committed(string finalPath)
    {
        Path = finalPath;
        _committed = true;
    }

    public void Dispose()
    {
        Handle.Dispose();
        if (!_committed)
            PosixFiles.TryRemove(Path);
    }
}
