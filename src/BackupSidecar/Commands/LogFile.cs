namespace BackupSidecar.Commands;

/// <summary>The file that keeps the log of scheduled runs, where users look for it. At 10 MiB it starts anew and keeps one old file.</summary>
internal static class LogFile
{
    public const string OfScheduledRuns = "/var/log/backup.log";

    private const long Largest = 10 * 1024 * 1024;

    /// <summary>Why this user may not write there, or null. Makes the file, so that it can be followed before the first run.</summary>
    public static string? Problem(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    /// <summary>Opens it to append; null if this user may not write there, which is no reason not to back up.</summary>
    public static TextWriter? Open(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > Largest })
                File.Move(path, path + ".1", overwrite: true);
            // Unbuffered, so that a line that could not be written is not tried again when the file is closed.
            var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            return new StreamWriter(file) { AutoFlush = true };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"[WARN] The log is not written to {path} as well: {failure.Message}");
            return null;
        }
    }
}
