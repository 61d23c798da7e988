namespace BackupSidecar.Processes;

/// <summary>
/// Small files that survive a crash or a power cut: whoever reads one finds the old content or the new, never a part. When a
/// method returns, its effect is on the disk.
/// </summary>
internal static class DurableFile
{
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
        PosixFiles.FlushFolder(directory);
    }

    /// <summary>Removes the file; one that is not there counts as removed.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        PosixFiles.FlushFolder(DirectoryOf(path));
    }

    private static string DirectoryOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
}
