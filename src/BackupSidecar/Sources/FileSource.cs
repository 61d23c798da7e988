using BackupSidecar.Archives;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Sources;

/// <summary>
/// A single file, as GNU tar reads it. If it turns out to be a SQLite database when it is checked, it is taken as one from
/// then on: the bytes of a database that is in use are worth nothing.
/// </summary>
internal sealed class FileSource(FileSourcePlan plan, Func<SqliteSource> asSqlite, ILogger log) : IBackupSource
{
    private readonly string _path = LinkedPath.Resolve(plan.Path);
    private SqliteSource? _sqlite;

    public SourcePlan Plan => plan;

    public bool IsStaged => _sqlite is not null;

    public async Task CheckAsync(CancellationToken cancellation)
    {
        var status = await FileStatus.ReadAsync(_path, cancellation);
        if (!status.IsRegularFile)
            throw new SourceException($"it is a {status.Type}, not a file");
        Readable.RequireFile(_path);
        _sqlite = Sqlite.LooksLikeSqlite(_path) ? asSqlite() : null;
        await (_sqlite?.CheckAsync(cancellation) ?? GnuTar.VersionAsync(cancellation));
    }

    public Task PrepareAsync(CancellationToken cancellation)
    {
        if (_sqlite is null)
            return Task.CompletedTask;
        log.LogInformation("Backing up file: {Path}", plan.Path);
        return _sqlite.PrepareAsync(cancellation);
    }

    public ManifestSource WriteTo(ArchiveWriter archive, CancellationToken cancellation)
    {
        if (_sqlite is not null)
            return _sqlite.WriteTo(archive, cancellation);
        log.LogInformation("Backing up file: {Path}", plan.Path);
        var tar = new GnuTar(Path.GetDirectoryName(_path)!, "./" + Path.GetFileName(_path), "^.*$", plan.EntryName);
        return tar.WriteTo(archive, plan, LinkedPath.Describe(plan.Path), cancellation);
    }
}
