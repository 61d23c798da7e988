using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>Whether we may read a source at all, asked before anything is stopped. What else may be wrong with it, its reader says.</summary>
internal static class Readable
{
    /// <exception cref="SourceException">The file may not be opened.</exception>
    public static void RequireFile(string path) => Require(() =>
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    });

    /// <exception cref="SourceException">The directory may not be listed, or not even be seen.</exception>
    public static void RequireDirectory(string path) => Require(() => _ = Directory.EnumerateFileSystemEntries(path).Any());

    private static void Require(Action look)
    {
        try
        {
            look();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new SourceException($"permission denied. {Capabilities.Ours.ToRead}", error);
        }
        catch (IOException)
        {
            // It is not there, say.
        }
    }
}
