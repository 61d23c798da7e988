using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Sources;

namespace BackupSidecar.Runs.Backups;

/// <summary>
/// Gives sources whose names only the world knows way to those names, at the start of a run: all databases of a server, the
/// SQLite files of a pattern. So what is new is backed up by itself the next time.
/// </summary>
/// <param name="databasesOf">Asks a server for its databases.</param>
internal sealed class PlanExpansion(Func<DatabaseServerPlan, CancellationToken, Task<IReadOnlyList<string>>> databasesOf)
{
    /// <summary>A plan without servers and patterns. What cannot be found out stays in it, as a source that fails.</summary>
    public async Task<BackupPlan> ExpandAsync(BackupPlan plan, CancellationToken cancellation)
    {
        var parts = await Task.WhenAll(plan.Sources.Select(source => ExpandAsync(source, cancellation)));
        var sources = parts.SelectMany(each => each).ToList();
        // Names that the configuration alone gives must not depend on what a server holds: they are given first.
        var order = sources.Index().OrderBy(each => plan.Sources.Contains(each.Item) ? 0 : 1).ToList();
        var names = EntryNames.Unique([.. order.Select(each => each.Item.EntryName)]);
        foreach (var (name, (index, source)) in names.Zip(order))
            sources[index] = source with { EntryName = name };
        return plan with { Sources = sources };
    }

    private async Task<IReadOnlyList<SourcePlan>> ExpandAsync(SourcePlan source, CancellationToken cancellation)
    {
        try
        {
            return source switch
            {
                DatabaseServerPlan server => [server.Globals, .. (await databasesOf(server, cancellation)).Select(server.Part)],
                SqlitePatternPlan pattern => [.. (await SqliteFiles.FindAsync(pattern, cancellation)).Select(SqlitePatternPlan.Part)],
                _ => [source],
            };
        }
        catch (Exception failure) when (failure is DatabaseException or ProcessFailedException or SourceException)
        {
            return [new UnresolvedSourcePlan(source, failure.Message)];
        }
    }
}
