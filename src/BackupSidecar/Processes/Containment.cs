namespace BackupSidecar.Processes;

/// <summary>Whether one absolute path lies in another, by their names alone.</summary>
internal static class Containment
{
    /// <summary>Whether a path is the folder or lies below it.</summary>
    public static bool IsWithin(string path, string folder) => path == folder || IsBelow(path, folder);

    public static bool IsBelow(string path, string folder) => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}
