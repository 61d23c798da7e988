using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>Makes the sources of a run from its plan.</summary>
internal sealed class SourceFactory(Settings settings, TimeProvider time, ILogger log)
{
    /// <summary>Opens staging for this run. Nothing is read yet.</summary>
    /// <param name="plan">What to make.</param>
    /// <param name="runId">The run's ID.</param>
    /// <param name="holdsRunLock">Whether nobody else can be backing up, so that what killed runs left in staging is removed.</param>
    /// <exception cref="ConfigurationException">Staging cannot be used.</exception>
    public RunSources Open(BackupPlan plan, Guid runId, bool holdsRunLock)
    {
        var staging = Staging.Create(settings.Paths.Staging, runId, holdsRunLock ? time.GetUtcNow() : null);
        return new RunSources([.. plan.Sources.Select(source => Create(source, staging))], staging);
    }

    private IBackupSource Create(SourcePlan plan, Staging staging) => plan switch
    {
        DatabaseSourcePlan database => new DatabaseSource(database, Engine(database, staging), staging, settings.Archive, time, log),
        SqliteSourcePlan sqlite => Sqlite(sqlite, sqlite.Path, staging),
        DirectorySourcePlan directory => new DirectorySource(directory, log),
        FileSourcePlan file => new FileSource(file, () => Sqlite(file, file.Path, staging), log),
        _ => throw new ArgumentException($"There is no source of kind '{plan.Kind}'.", nameof(plan)),
    };

    private SqliteSource Sqlite(SourcePlan plan, string path, Staging staging) =>
        new(plan, path, new Sqlite(), staging, settings.Archive, log);

    private static IDatabaseEngine Engine(DatabaseSourcePlan plan, Staging staging) => plan.Kind switch
    {
        SourceKind.Postgres => new Postgres(plan.Uri, plan.DatabaseName, new PostgresClients()),
        SourceKind.Mongodb => new MongoDb(plan.Uri, staging.Directory),
        _ => throw new ArgumentException($"There is no database engine '{plan.Kind}'.", nameof(plan)),
    };
}

/// <summary>The sources of one run, with the staging directory that goes when they are disposed.</summary>
internal sealed class RunSources(IReadOnlyList<IBackupSource> all, Staging staging) : IDisposable
{
    public IReadOnlyList<IBackupSource> All { get; } = all;

    /// <summary>A private directory of this run.</summary>
    public string StagingDirectory => staging.Directory;

    public void Dispose() => staging.Dispose();
}
