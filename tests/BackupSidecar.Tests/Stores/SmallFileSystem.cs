using System.Diagnostics;

namespace BackupSidecar.Tests.Stores;

/// <summary>A file system of its own with room for one MiB, or as much as is said, for tests of what happens when there is none left.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    public const int Size = 1 << 20;

    private readonly DirectoryInfo _mountPoint = Directory.CreateTempSubdirectory("stores-small-");

    public SmallFileSystem(long size = Size, int files = 0)
    {
        if (Run("mount", "-t", "tmpfs", "-o", $"size={size},nr_inodes={files}", "tmpfs", Path) == 0)
            return;
        _mountPoint.Delete();
        Assert.Skip("Mounting a small tmpfs needs root.");
    }

    public string Path => _mountPoint.FullName;

    public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Path));

    /// <summary>Leaves so many bytes beside what is in it, rounded up to pages.</summary>
    public void Leave(long bytes)
    {
        var drive = new DriveInfo(Path);
        Assert.Equal(0, Run("mount", "-o", $"remount,size={drive.TotalSize - drive.AvailableFreeSpace + bytes}", Path));
    }

    /// <summary>Fills it with empty files until it takes no more of any kind.</summary>
    public void UseUpFiles()
    {
        try
        {
            for (var i = 0; ; i++)
                File.Create(System.IO.Path.Combine(Path, $"empty-{i}")).Dispose();
        }
        catch (IOException)
        {
            // That was the last one.
        }
    }

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
