using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Stores.S3;

/// <summary>
/// Backups in a bucket of AWS or a compatible server, below one folder. An object gets its name by one request that never
/// overwrites; what is unfinished shows up in no list. The client is made on first use.
/// </summary>
internal sealed class S3Store : IBackupStore
{
    private readonly S3Connection _connection;
    private readonly S3Folder _folder;
    private readonly S3StoreSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;

    public S3Store(S3StoreSettings settings, string backupName, TimeProvider clock, ILogger log)
        : this(settings, backupName, new Patience(), clock, log)
    {
    }

    public S3Store(S3StoreSettings settings, StoreFolder folder, TimeProvider clock, ILogger log)
        : this(settings, folder, new Patience(), clock, log)
    {
    }

    internal S3Store(S3StoreSettings settings, string backupName, Patience patience, TimeProvider clock, ILogger log)
        : this(settings, StoreFolder.OfArchives(backupName), patience, clock, log)
    {
    }

    private S3Store(S3StoreSettings settings, StoreFolder folder, Patience patience, TimeProvider clock, ILogger log)
    {
        _connection = new S3Connection(settings, patience, clock);
        _folder = new S3Folder(_connection, folder);
        _settings = settings;
        _clock = clock;
        _log = log;
    }

    /// <summary>A folder of this machine where uploads in parts are noted, so that those of killed runs are known; null for none.</summary>
    public string? Marks { get; init; }

    public string Name => StoreName.S3;

    public string Location => _folder.Location;

    public Task ProbeAsync(CancellationToken cancellation) => new S3Probe(_connection, _folder, _clock, _log).RunAsync(cancellation);

    public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation) => _folder.ListAsync("", cancellation);

    public IAsyncEnumerable<StoredObject> ListAsync(string beginning, CancellationToken cancellation) => _folder.ListAsync(beginning, cancellation);

    public async Task<StoredObject?> FindAsync(string name, CancellationToken cancellation) =>
        (await _folder.FindAsync(name, cancellation))?.Object;

    public Task UploadAsync(string name, Spool spool, CancellationToken cancellation) =>
        NewUpload(name).SendAsync(spool, PartPlan.For(_settings, () => spool.Capacity), cancellation);

    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        NewUpload(name).SendAsync(content, cancellation);

    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation) =>
        await ObjectStream.OpenAsync(_connection, _folder, name, cancellation);

    public async Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var ranged = new RangedObject(new S3Attempt($"read {_folder.AddressOf(name)}", "s3:GetObject"), _folder.KeyOf(name), ETag: null);
        using var range = new ObjectRange(_connection, ranged, offset, buffer.Length);
        await range.FetchAsync(cancellation);
        range.Read(buffer.Span);
    }

    public Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation) => _folder.ChecksumAsync(name, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) => _folder.DeleteAsync(name, cancellation);

    public Task SweepAsync(CancellationToken cancellation) => new S3Sweep(_connection, _folder, Marks, _clock, _log).RunAsync(cancellation);

    public void Dispose() => _connection.Dispose();

    private S3Upload NewUpload(string name) => new(_connection, _folder, name, _log) { Marks = Marks };
}
