using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.Databases.Redis;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Verification;

/// <summary>What reads a dump, or why nothing does; both null for a source that is no dump.</summary>
internal sealed record DumpReading(IDumpCheck? Check, string? NotReadBecause);

/// <summary>Chooses what reads a dump from end to end, among the tools that are here.</summary>
/// <param name="postgres">The clients of PostgreSQL.</param>
/// <param name="sqlite">SQLite's program.</param>
/// <param name="newPath">A path in a private folder: SQLite reads files only.</param>
internal sealed class DumpChecks(PostgresClients postgres, Sqlite sqlite, Func<string> newPath)
{
    public async Task<DumpReading> ForAsync(ArchivedSource source, CancellationToken cancellation)
    {
        try
        {
            return new DumpReading(await StartAsync(source, cancellation), NotReadBecause: null);
        }
        catch (Exception error) when (error is ProcessFailedException or DatabaseException)
        {
            return new DumpReading(Check: null, error.Message);
        }
    }

    private async Task<IDumpCheck?> StartAsync(ArchivedSource source, CancellationToken cancellation)
    {
        switch (source.Kind)
        {
            case SourceKind.Postgres when source.IsGlobals:
                return null;
            case SourceKind.Postgres:
                return await DumpCheck.StartAsync(new LocalPlace(), await postgres.NewestAsync(cancellation), cancellation);
            case SourceKind.Mongodb:
                return new MongoDumpCheck();
            case SourceKind.Redis:
                return new RedisDumpCheck();
            case SourceKind.Sqlite:
                return new SqliteDumpCheck(sqlite, await sqlite.VersionAsync(cancellation), newPath());
            default:
                return null;
        }
    }
}
