using System.Text;

namespace BackupSidecar.Configuration.Input;

/// <summary>What a file of the operator's held, or why it could not be had (<see cref="Problem"/>, as in "it …").</summary>
internal sealed record FileReading(string? Text, string? Problem = null)
{
    private const int LargestFile = 1 << 20;

    public static FileReading Missing { get; } = new(null, "does not exist");

    /// <summary>Whether every user of the machine may read it.</summary>
    public bool IsReadableByOthers { get; init; }

    /// <summary>Reads a small text file. Never throws for what a path of the operator's can be.</summary>
    public static FileReading Of(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return new FileReading(null, "is a directory (a mount creates one where the file was missing on the host)");
            using var file = File.OpenRead(path);
            return Of(file, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            return Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new FileReading(null, e is UnauthorizedAccessException ? "may not be read: permission denied" : "cannot be read");
        }
    }

    private static FileReading Of(FileStream file, string path)
    {
        // A pipe or a device has no length, so the size is only known by reading.
        var bytes = new byte[LargestFile + 1];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count > LargestFile)
            return new FileReading(null, "is larger than 1 MiB");
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, count).TrimStart('\uFEFF');
            return new FileReading(text)
            {
                IsReadableByOthers = !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherRead),
            };
        }
        catch (DecoderFallbackException)
        {
            return new FileReading(null, "is not UTF-8 text");
        }
    }
}
