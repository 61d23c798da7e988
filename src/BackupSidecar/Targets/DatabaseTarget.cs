using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Targets.Extraction;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>
/// A database that is given a dump through its own engine's tool. The dump waits in staging, readable by us alone. There is no
/// rolling back: a restore that fails leaves what the engine's tool leaves, and one that succeeded stays.
/// </summary>
internal sealed class DatabaseTarget(RestoreStep step, IDatabaseEngine engine, string staging, RestorePlan plan) : IRestoreTarget
{
    private readonly List<string> _notes = [];
    private bool _isRestored;

    public RestoreStep Step { get; } = step;

    public IReadOnlyList<string> Notes => _notes;

    private DumpRestore Wanted => new()
    {
        IsTrusted = plan.IsTrusted,
        Tool = Step.Source.Manifest?.Tool,
        DatabaseAs = plan.DatabaseAs,
        Notice = _notes.Add,
    };

    public string Place => Paths.ExistingPart(staging);

    public async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            await engine.CheckRestoreAsync(Wanted, cancellation);
            Paths.MakePrivate(staging);
        }
        catch (DatabaseException error)
        {
            throw new RestoreException($"The database {Step.Target?.Origin} cannot be restored: {error.Message}\nNothing was touched.", error);
        }
    }

    public IExtraction Extract(bool isTrusted) => Extractions.Start(Step.Source, staging, isTrusted, mayLoseOwners: true);

    public async Task ApplyAsync(CancellationToken cancellation)
    {
        try
        {
            await RestoreAsync(cancellation);
            _isRestored = true;
            MayFail.At(Failpoint.DatabaseRestored, cancellation);
        }
        catch (DatabaseException error)
        {
            throw new DatabaseException($"The database {Step.Target?.Origin} could not be restored: {error.Message}", error);
        }
    }

    public Task RollBackAsync() => Task.CompletedTask;

    public string AfterRollBack => _isRestored
        ? "it was restored before that, and stays so: a database cannot be put back"
        : "a database is not put back; what its tool says of the failure is true of it";

    public Task CommitAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync() => await Tree.RemoveAsync(staging);

    private async Task RestoreAsync(CancellationToken cancellation)
    {
        var dump = Path.Combine(staging, Step.Source.Entry);
        if (Step.Source.Form == ArchivedForm.DumpFolder && engine is MongoServer mongo)
        {
            await mongo.RestoreDirectoryAsync(dump, cancellation);
            return;
        }
        await using var stream = File.OpenRead(dump);
        await engine.RestoreAsync(stream, Wanted, cancellation);
    }
}
