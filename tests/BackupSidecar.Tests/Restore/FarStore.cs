using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Restore;

/// <summary>A local store that behaves like a remote one: under another name, and its streams can only be read forward.</summary>
internal sealed class FarStore(IBackupStore inner, string name) : IBackupStore
{
    public string Name => name;

    public string Location => inner.Location;

    public StoreException? Fault { get; set; }

    /// <summary>Archives break when they are read; manifests do not.</summary>
    public bool Breaks { get; set; }

    /// <summary>Happens just before an archive is opened.</summary>
    public Action<string>? OnOpen { get; set; }

    /// <summary>Happens between the list and whatever is read after it.</summary>
    public Action? OnListed { get; set; }

    /// <summary>An object that is there, but came too late for the list.</summary>
    public string? ListedTooEarly { get; set; }

    public Task ProbeAsync(CancellationToken cancellation) => inner.ProbeAsync(cancellation);

    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Fault is not null)
            throw Fault;
        await foreach (var found in inner.ListAsync(cancellation))
        {
            if (found.Name != ListedTooEarly)
                yield return found;
        }
        OnListed?.Invoke();
    }

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellation) => inner.FindAsync(name, cancellation);

    public Task UploadAsync(string name, Spool spool, CancellationToken cancellation) => inner.UploadAsync(name, spool, cancellation);

    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.PutAsync(name, content, cancellation);

    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation)
    {
        var isArchive = !name.EndsWith(".json", StringComparison.Ordinal);
        if (isArchive)
            OnOpen?.Invoke(name);
        return Breaks && isArchive ? new BrokenStream() : PipeReader.Create(await inner.OpenReadAsync(name, cancellation)).AsStream();
    }

    public Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation) => inner.ReadAsync(name, offset, buffer, cancellation);

    public Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation) => inner.ChecksumAsync(name, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public Task SweepAsync(CancellationToken cancellation) => inner.SweepAsync(cancellation);

    public void Dispose() => inner.Dispose();
}

/// <summary>What a disk with an unreadable sector gives.</summary>
internal sealed class BrokenStream : MemoryStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        throw new IOException("Input/output error");
}
