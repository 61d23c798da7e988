using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Failpoints;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>A SQLite database: copied by SQLite itself into staging, so that the services that use it need not stop.</summary>
/// <param name="plan">The source as it was planned: of BACKUP_SQLITE, or of BACKUP_FILES.</param>
/// <param name="path">The database.</param>
/// <param name="sqlite">How it is copied.</param>
/// <param name="staging">Where the copy waits.</param>
/// <param name="settings">How it is compressed.</param>
/// <param name="log">Told when the copy begins.</param>
internal sealed class SqliteSource(
    SourcePlan plan, string path, Sqlite sqlite, Staging staging, ArchiveSettings settings, ILogger log) : IBackupSource
{
    private readonly string _path = LinkedPath.Resolve(path);
    private StagedFile? _staged;
    private DumpFacts? _facts;
    private EntryAttributes _attributes;

    public SourcePlan Plan => plan;

    public bool IsStaged => true;

    public async Task CheckAsync(CancellationToken cancellation)
    {
        await RegularFileAsync(cancellation);
        await SourceFailure.TranslateAsync(() => sqlite.CheckAsync(_path, cancellation));
        // SQLite makes its copy as it is; only then it can be compressed.
        staging.Space.Expect(new FileInfo(_path).Length);
    }

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        log.LogInformation("Backing up SQLite database: {Path}", path);
        _attributes = await RegularFileAsync(cancellation);
        var copy = staging.NewPath();
        MayFail.At(Failpoint.DumpStarted, cancellation);
        await SourceFailure.TranslateAsync(async () =>
        {
            _facts = await sqlite.BackupAsync(_path, copy, cancellation);
            _staged = await Task.Run(() => Compress(copy, cancellation), cancellation);
            MayFail.At(Failpoint.DumpEnded, cancellation);
        });
    }

    public ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation)
    {
        if (_staged is null || _facts is null)
            throw new InvalidOperationException("The copy was not prepared.");
        archive.WriteStaged(plan.EntryName, _staged, _attributes, cancellation);
        File.Delete(_staged.Path);
        staging.Space.GiveBack(_staged.StoredBytes);
        return new ManifestSource
        {
            Kind = SourceKind.Sqlite,
            Entry = plan.EntryName,
            Origin = LinkedPath.Describe(path),
            State = SourceState.Complete,
            Consistency = _facts.Consistency,
            Tool = _facts.Tool,
            Counts = _facts.Counts,
            Records = _facts.Records,
            Bytes = _staged.Bytes,
            Entries = 1,
            Sha256 = _staged.Sha256,
        };
    }

    private async Task<EntryAttributes> RegularFileAsync(CancellationToken cancellation)
    {
        var status = await FileStatus.ReadAsync(_path, cancellation);
        if (!status.IsRegularFile)
            throw new SourceException($"it is a {status.Type}, not a file");
        Readable.RequireFile(_path);
        if (!Sqlite.LooksLikeSqlite(_path))
            throw new SourceException("it is not a SQLite database");
        return status.Attributes;
    }

    private StagedFile Compress(string copy, CancellationToken cancellation)
    {
        try
        {
            using var source = File.OpenRead(copy);
            using var staged = new StagedFileWriter(staging.NewPath(), settings, staging.Space.Take, staging.Space.GiveBack);
            var buffer = new byte[256 * 1024];
            for (int length; (length = source.Read(buffer, 0, buffer.Length)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                staged.Write(buffer, 0, length);
                MayFail.At(Failpoint.DumpMiddle, cancellation);
            }
            return staged.Complete();
        }
        finally
        {
            File.Delete(copy);
        }
    }
}
