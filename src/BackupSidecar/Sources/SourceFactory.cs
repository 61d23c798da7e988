using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>Makes the sources of a run from its plan.</summary>
/// <param name="settings">How they are read.</param>
/// <param name="engines">Gives the engine of a database, which keeps what only we may read in the directory given.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told what is read.</param>
internal sealed class SourceFactory(
    Settings settings, Func<DatabaseSourcePlan, string, IDatabaseEngine> engines, TimeProvider time, ILogger log)
{
    /// <summary>Opens staging for this run. Nothing is read yet.</summary>
    /// <param name="plan">What to make.</param>
    /// <param name="runId">The run's ID.</param>
    /// <param name="holdsRunLock">Whether nobody else can be backing up, so that what killed runs left in staging is removed.</param>
    /// <exception cref="ConfigurationException">Staging cannot be used.</exception>
    public RunSources Open(BackupPlan plan, Guid runId, bool holdsRunLock)
    {
        var staging = Staging.Create(settings.Paths.Staging, runId, holdsRunLock ? time.GetUtcNow() : null, settings.Dumps.StagingLimit);
        return new RunSources([.. plan.Sources.Select(source => Create(source, staging))], staging);
    }

    private IBackupSource Create(SourcePlan plan, Staging staging) => plan switch
    {
        DatabaseSourcePlan database => new DatabaseSource(database, engines(database, staging.Directory), staging, settings.Archive, settings.Dumps.Timeout, time, log),
        SqliteSourcePlan sqlite => Sqlite(sqlite, sqlite.Path, staging),
        DirectorySourcePlan directory => new DirectorySource(directory, log),
        FileSourcePlan file => new FileSource(file, () => Sqlite(file, file.Path, staging), log),
        UnresolvedSourcePlan unresolved => new UnresolvedSource(unresolved),
        _ => throw new ArgumentException($"There is no source of kind '{plan.Kind}'.", nameof(plan)),
    };

    private SqliteSource Sqlite(SourcePlan plan, string path, Staging staging) =>
        new(plan, path, new Sqlite(), staging, settings.Archive, log);
}

/// <summary>The sources of one run, with the staging directory that goes when they are disposed.</summary>
internal sealed class RunSources(IReadOnlyList<IBackupSource> all, Staging staging) : IDisposable
{
    public IReadOnlyList<IBackupSource> All { get; } = all;

    /// <summary>A private directory of this run.</summary>
    public string StagingDirectory => staging.Directory;

    public void Dispose() => staging.Dispose();
}
