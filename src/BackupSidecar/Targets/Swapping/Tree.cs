using BackupSidecar.Processes;

namespace BackupSidecar.Targets.Swapping;

/// <summary>Whole trees of our own making, whose names need not be UTF-8.</summary>
internal static class Tree
{
    /// <summary>Removes a tree; one that is not there counts as removed. Stays on its file system and follows no link.</summary>
    /// <exception cref="ProcessFailedException">Something of it could not be removed.</exception>
    public static async Task RemoveAsync(string path)
    {
        var command = new Command("rm", "--recursive", "--force", "--one-file-system", "--", path);
        var (result, _) = await RunningProcess.RunAsync(command, CancellationToken.None);
        if (!result.Succeeded)
            throw ProcessFailedException.For(command, result);
    }
}
