using System.Runtime.CompilerServices;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Retention;

/// <summary>A store of small objects in memory, which fails where a test says so and keeps a journal of what was asked.</summary>
internal sealed class MemoryStore : IBackupStore
{
    private readonly Dictionary<string, byte[]> _objects = new(StringComparer.Ordinal);

    public string Name { get; init; } = "local";

    public string Location => "/memory/app";

    public List<string> Journal { get; } = [];

    /// <summary>Called before each operation with its words ("delete x"); it may throw.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>Called after each operation; it may throw, as if the answer were lost.</summary>
    public Action<string> After { get; set; } = _ => { };

    public IEnumerable<string> Names => _objects.Keys.Order(StringComparer.Ordinal);

    public Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var (name, content) in _objects)
            yield return new StoredObject(name, content.Length, DateTimeOffset.UnixEpoch);
        await Task.CompletedTask;
    }

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellation) => Do("find " + name, () =>
        _objects.TryGetValue(name, out var content) ? new StoredObject(name, content.Length, DateTimeOffset.UnixEpoch) : null);

    public Task UploadAsync(string name, Spool spool, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => Do("put " + name, () =>
        _objects.TryAdd(name, content.ToArray()) ? true : throw new StoreNameTakenException($"{name} is taken."));

    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation) => Do("read " + name, () =>
        _objects.TryGetValue(name, out var content) ? (Stream)new MemoryStream(content) : throw new StoreException($"{name} is not there."));

    public Task ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<StoreChecksum?> ChecksumAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();

    public Task DeleteAsync(string name, CancellationToken cancellation) => Do("delete " + name, () => _objects.Remove(name));

    public Task SweepAsync(CancellationToken cancellation) => Task.CompletedTask;

    public byte[] Content(string name) => _objects[name];

    public void Add(string name, string content) => _objects.Add(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose()
    {
    }

    private Task<T> Do<T>(string words, Func<T> action)
    {
        // Manifests are read in parallel.
        lock (Journal)
            Journal.Add(words);
        try
        {
            Before(words);
            var result = action();
            After(words);
            return Task.FromResult(result);
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }
}
