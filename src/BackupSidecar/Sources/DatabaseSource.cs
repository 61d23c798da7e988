using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>A database server: dumped by its engine's tools into a staged file, which then goes into the archive; or straight into a backup of its own.</summary>
internal sealed class DatabaseSource(
    DatabaseSourcePlan plan, IDatabaseEngine engine, Staging staging, ArchiveSettings settings, TimeSpan? timeout,
    TimeProvider time, ILogger log)
    : IBackupSource
{
    /// <summary>A manifest must stay a document that can be read; so many tables are not counted in it.</summary>
    private const int MostCounts = 10_000;

    private StagedFile? _staged;
    private DumpFacts? _facts;

    public SourcePlan Plan => plan;

    public bool IsStaged => true;

    public async Task CheckAsync(CancellationToken cancellation)
    {
        ServerFacts? server = null;
        await SourceFailure.TranslateAsync(async () => server = await engine.CheckAsync(cancellation));
        if (!plan.IsStreamed && server?.Bytes is { } bytes)
            staging.Space.ExpectDumpOf(bytes);
    }

    public Task PrepareAsync(CancellationToken cancellation)
    {
        log.LogInformation("Backing up {Product} database: {Database}", engine.Product, plan.IsGlobals ? "roles and tablespaces" : plan.DatabaseName);
        return SourceFailure.TranslateAsync(async () =>
        {
            MayFail.At(Failpoint.DumpStarted, cancellation);
            await using var file = new StagedFileWriter(staging.NewPath(), settings, staging.Space.Take, staging.Space.GiveBack);
            _facts = await DumpAsync(file, cancellation);
            _staged = file.Complete();
            MayFail.At(Failpoint.DumpEnded, cancellation);
        });
    }

    public ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation)
    {
        if (_staged is null || _facts is null)
            throw new InvalidOperationException("The dump was not prepared.");
        archive.WriteStaged(plan.EntryName, _staged, OurAttributes(), cancellation);
        File.Delete(_staged.Path);
        staging.Space.GiveBack(_staged.StoredBytes);
        return Describe(_facts, _staged.Bytes, _staged.Sha256);
    }

    /// <summary>Makes the dump a backup by itself, without staging, and completes it. Returns its line of the manifest.</summary>
    /// <exception cref="SourceException">There is no whole dump; what was written is worthless.</exception>
    public async Task<ManifestSource> DumpToAsync(DumpWriter dump, CancellationToken cancellation)
    {
        log.LogInformation("Backing up {Product} database: {Database}", engine.Product, plan.DatabaseName);
        try
        {
            MayFail.At(Failpoint.DumpStarted, cancellation);
            var facts = await DumpAsync(dump, cancellation);
            var bytes = dump.Bytes;
            // Waiting for the last blocks takes a thread; it must not be one that others wait for.
            var sha256 = await Task.Run(dump.Complete, CancellationToken.None);
            MayFail.At(Failpoint.DumpEnded, cancellation);
            return Describe(facts, bytes, sha256);
        }
        catch (Exception failure) when (failure is DatabaseException or ProcessFailedException)
        {
            throw new SourceException($"{plan.Origin} could not be dumped: {failure.Message}", failure);
        }
    }

    private ManifestSource Describe(DumpFacts facts, long bytes, string sha256) => new()
    {
        Kind = plan.Kind,
        Entry = plan.EntryName,
        Origin = plan.Origin,
        State = SourceState.Complete,
        Consistency = facts.Consistency,
        Tool = facts.Tool,
        Via = facts.Via,
        Counts = facts.Counts.Count <= MostCounts ? facts.Counts : new Dictionary<string, long>(),
        Records = facts.Records,
        Database = plan.IsGlobals ? null : plan.DatabaseName,
        PartOf = plan.PartOf,
        Server = facts.Server,
        Bytes = bytes,
        Entries = 1,
        Sha256 = sha256,
    };

    private async Task<DumpFacts> DumpAsync(Stream file, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout is { } longest)
            limit.CancelAfter(longest);
        try
        {
            return await engine.DumpAsync(file, limit.Token);
        }
        catch (Exception error) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new DatabaseException($"its dump did not end within {timeout} and was given up (BACKUP_DUMP_TIMEOUT)", error);
        }
    }

    private EntryAttributes OurAttributes() => new(Convert.ToInt32("600", 8), OwnerId: 0, GroupId: 0, time.GetUtcNow());
}
