using System.Runtime.InteropServices;

namespace BackupSidecar.Processes;

/// <summary>
/// Small files that survive a crash or a power cut: whoever reads one finds the old content or the new, never a part. When a
/// method returns, its effect is on the disk.
/// </summary>
internal static partial class DurableFile
{
    private const int OpenReadOnlyCloseOnExec = 0x80000;
    private const int InvalidArgument = 22;

    /// <summary>Gives the file this content, through a temporary file (".NAME.new") beside it. There is one writer at a time.</summary>
    public static void WriteAtomically(
        string path, ReadOnlySpan<byte> content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var directory = DirectoryOf(path);
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.new");
        // The remains of a crash may have another mode or owner.
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(directory);
    }

    /// <summary>Removes the file; one that is not there counts as removed.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        SyncDirectory(DirectoryOf(path));
    }

    /// <summary>Puts the names in the directory on the disk: what was created, renamed and removed there.</summary>
    public static void SyncDirectory(string directory)
    {
        var descriptor = open(directory, OpenReadOnlyCloseOnExec);
        if (descriptor < 0)
            throw Failure("opened", directory);
        try
        {
            // Some network file systems cannot do it for directories, and then say that the argument is invalid.
            if (fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
                throw Failure("flushed to the disk", directory);
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static string DirectoryOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";

    private static IOException Failure(string attempt, string directory) =>
        new($"The directory {directory} could not be {attempt}: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
