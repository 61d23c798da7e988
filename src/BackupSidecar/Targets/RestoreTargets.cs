using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Targets;

/// <summary>Makes the target of each step of a restore, and cleans up after restores that were killed.</summary>
/// <param name="engines">Gives the engine of a database, which keeps what only we may read in the directory given.</param>
/// <param name="stagingDirectory">Where dumps wait for their turn.</param>
/// <param name="log">Told what is found and cleaned up.</param>
internal sealed class RestoreTargets(Func<DatabaseSourcePlan, string, IDatabaseEngine> engines, string stagingDirectory, ILogger log)
{
    /// <param name="plan">What to restore.</param>
    /// <param name="id">Short, unique, and part of the names of all private folders.</param>
    public IReadOnlyList<IRestoreTarget> For(RestorePlan plan, string id) =>
        [.. plan.Steps.Select((step, index) => For(step, plan, $"{id}.{index}"))];

    /// <summary>
    /// Puts back what an interrupted restore had moved aside in the places of <paramref name="current"/>, and removes what it
    /// left. To be called with the lock held, before services that an earlier run had stopped are started. What cannot be put
    /// back is logged and not thrown: those services start all the same, and the directory is not backed up as it is.
    /// </summary>
    public async Task RecoverAsync(BackupPlan current)
    {
        foreach (var directory in current.Sources.Select(Folder).OfType<string>().Append(stagingDirectory).Distinct(StringComparer.Ordinal))
        {
            try
            {
                if (directory == stagingDirectory)
                    MountedFileTarget.Recover(directory, log);
                await Leftovers.ClearAsync(directory, current: null, log);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ProcessFailedException)
            {
                log.LogError("What an interrupted restore left in {Directory} could not be put right: {Problem}", directory, error.Message);
            }
        }
    }

    private IRestoreTarget For(RestoreStep step, RestorePlan plan, string id) => step.Target switch
    {
        null => new FolderTarget(step, plan.ToDirectory ?? throw new InvalidOperationException("A step without a target needs a folder."), id),
        DatabaseSourcePlan database => new DatabaseTarget(step, engines(database, stagingDirectory), Staging(id), plan),
        DirectorySourcePlan directory => new DirectoryTarget(step, directory, Outer(directory.Path, plan), plan.Merge, id, log),
        SqliteSourcePlan sqlite when plan.DatabaseAs is { } name => new FileTarget(step, SqliteFile.Beside(sqlite.Path, name), outer: null, id, log),
        FileSourcePlan or SqliteSourcePlan => ForFile(step, step.Target.Origin, plan, id),
        _ => throw new InvalidOperationException($"Nothing is known of how to restore a source of the kind '{step.Target.Kind}'."),
    };

    private IRestoreTarget ForFile(RestoreStep step, string path, RestorePlan plan, string id) =>
        MountTable.OfThisProcess().IsMountPoint(Paths.Resolve(path))
            ? new MountedFileTarget(step, Paths.Resolve(path), Staging(id))
            : new FileTarget(step, path, Outer(path, plan), id, log);

    /// <summary>The outermost directory of the plan that a path lies in.</summary>
    private static string? Outer(string path, RestorePlan plan) =>
        plan.Steps.Select(step => step.Target).OfType<DirectorySourcePlan>()
            .Select(directory => Paths.Resolve(directory.Path))
            .Where(directory => Containment.IsBelow(Paths.Resolve(path), directory))
            .MinBy(directory => directory.Length);

    private string Staging(string id) => Path.Combine(stagingDirectory, OwnNames.Restore + id);

    private static string? Folder(SourcePlan plan) => plan switch
    {
        DirectorySourcePlan directory => Paths.Resolve(directory.Path),
        FileSourcePlan or SqliteSourcePlan => Path.GetDirectoryName(Paths.Resolve(plan.Origin)),
        SqlitePatternPlan pattern => Paths.Resolve(pattern.Directory),
        _ => null,
    };
}
