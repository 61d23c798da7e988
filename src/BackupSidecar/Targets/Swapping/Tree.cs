using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>Trees of our own making in directories that belong to others, whose times do not change by them.</summary>
internal static class Tree
{
    /// <summary>Removes a tree; one that is not there counts as removed. Stays on its file system and follows no link.</summary>
    /// <exception cref="ProcessFailedException">Something of it could not be removed.</exception>
    public static async Task RemoveAsync(string path)
    {
        if (!Directory.Exists(path))
        {
            File.Delete(path);
            return;
        }
        // A find of a killed restore may still be at work in it.
        var empty = new Command("find", path, "-ignore_readdir_race", "-xdev", "-mindepth", "1", "-delete");
        var (result, _) = await RunningProcess.RunAsync(empty, CancellationToken.None);
        if (!result.Succeeded)
            throw ProcessFailedException.For(empty, result);
        KeepingTime(new RawPath(Path.GetDirectoryName(path) ?? "/"), () => RemoveEmpty(new RawPath(path)));
    }

    /// <summary>Changes a directory and gives it its time back, where we may.</summary>
    public static void KeepingTime(RawPath directory, Action change)
    {
        var before = Posix.Find(directory);
        change();
        try
        {
            if (before is { } facts)
                Posix.SetModifiedAt(directory, facts.Seconds, facts.Nanoseconds);
        }
        catch (PosixException error) when (error.Error == Posix.NotPermitted)
        {
            // Somebody else's directory, and we are not root: its time tells of our visit, which harms nobody.
        }
    }

    private static void RemoveEmpty(RawPath path)
    {
        try
        {
            Posix.RemoveDirectory(path);
        }
        catch (PosixException error) when (error.Error == Posix.NotFound)
        {
            // Somebody else was faster.
        }
    }
}
