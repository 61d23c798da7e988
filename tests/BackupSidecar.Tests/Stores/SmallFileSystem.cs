using System.Diagnostics;

namespace BackupSidecar.Tests.Stores;

/// <summary>A file system of its own with room for one MiB, for tests of what happens when there is none left.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    public const int Size = 1 << 20;

    private readonly DirectoryInfo _mountPoint = Directory.CreateTempSubdirectory("stores-small-");

    public SmallFileSystem()
    {
        if (Run("mount", "-t", "tmpfs", "-o", $"size={Size}", "tmpfs", Path) == 0)
            return;
        _mountPoint.Delete();
        Assert.Skip("Mounting a small tmpfs needs root.");
    }

    public string Path => _mountPoint.FullName;

    public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Path));

    public void Dispose()
    {
        _ = Run("umount", "--lazy", Path);
        _mountPoint.Delete();
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
