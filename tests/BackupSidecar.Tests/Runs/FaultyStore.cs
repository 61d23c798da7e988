using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Runs;

/// <summary>A store called "s3" that does what the one behind it does, until a test says otherwise.</summary>
internal sealed class FaultyStore(IBackupStore inner) : IBackupStore
{
    public Func<Spool, CancellationToken, Task> BeforeUpload { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Happens when an upload has ended well.</summary>
    public Action<string> AfterUpload { get; set; } = _ => { };

    /// <summary>Happens before an object, or a part of it, is read.</summary>
    public Action<string> BeforeRead { get; set; } = _ => { };

    /// <summary>What an object's bytes pass through while they are read.</summary>
    public Func<Stream, Stream> Reading { get; set; } = stream => stream;

    public StoreChecksum? Checksum { get; set; }

    public Action BeforeProbe { get; set; } = () => { };

    public Action BeforePut { get; set; } = () => { };

    /// <summary>Happens when an object has been written.</summary>
    public Action AfterPut { get; set; } = () => { };

    public Action BeforeFind { get; set; } = () => { };

    public bool WasSwept { get; private set; }

    public string Name => StoreName.S3;

    public string Location => inner.Location;

    public async Task ProbeAsync(CancellationToken cancellation)
    {
        BeforeProbe();
        await inner.ProbeAsync(cancellation);
    }

    public IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellation) => inner.ListAsync(cancellation);

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellation)
    {
        BeforeFind();
        return inner.FindAsync(name, cancellation);
    }

    public async Task UploadAsync(string name, Spool spool, CancellationToken cancellation)
    {
        await BeforeUpload(spool, cancellation);
        await inner.UploadAsync(name, spool, cancellation);
        AfterUpload(name);
    }

    public async Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        BeforePut();
        await inner.PutAsync(name, content, cancellation);
        AfterPut();
    }

    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation)
    {
        BeforeRead(name);
        return Reading(await inner.OpenReadAsync(name, cancellation));
    }

    public Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        BeforeRead(name);
        return inner.ReadAsync(name, offset, buffer, cancellation);
    }

    public Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation) => Task.FromResult(Checksum);

    public Task DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public Task SweepAsync(CancellationToken cancellation)
    {
        WasSwept = true;
        return inner.SweepAsync(cancellation);
    }

    public void Dispose() => inner.Dispose();
}
