namespace BackupSidecar.Processes;

/// <summary>The name by which this program was called, which a symbolic link may have given it.</summary>
internal static class CalledAs
{
    /// <summary>Without its folder; empty if the kernel does not tell.</summary>
    public static string Name()
    {
        const string file = "/proc/self/cmdline";
        return File.Exists(file) ? Path.GetFileName(File.ReadAllText(file).Split('\0')[0]) : "";
    }
}
