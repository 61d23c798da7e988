namespace BackupSidecar.Commands;

/// <summary>The file that keeps the log of scheduled runs, where users look for it. At 10 MiB it starts anew and keeps one old file.</summary>
internal static class LogFile
{
    public const string OfScheduledRuns = "/var/log/backup.log";

    private const long Largest = 10 * 1024 * 1024;

    /// <summary>Opens it to append; null if this user may not write there, which is no reason not to back up.</summary>
    public static TextWriter? Open(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > Largest })
                File.Move(path, path + ".1", overwrite: true);
            return new StreamWriter(path, append: true) { AutoFlush = true };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"[WARN] The log is not written to {path} as well: {failure.Message}");
            return null;
        }
    }
}
