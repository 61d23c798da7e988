using BackupSidecar.Databases;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>A real engine, of whose dump something happens once so many bytes have arrived.</summary>
internal sealed class WatchedEngine(IDatabaseEngine engine, long at, Action act) : IDatabaseEngine
{
    public string Product => engine.Product;

    public long Written { get; private set; }

    public Task<ServerFacts> CheckAsync(CancellationToken cancellation) => engine.CheckAsync(cancellation);

    public Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation) =>
        engine.DumpAsync(new Relay(this, destination), cancellation);

    public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => engine.CheckRestoreAsync(wanted, cancellation);

    public Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation) => engine.RestoreAsync(dump, wanted, cancellation);

    private void Count(int bytes)
    {
        if (Written < at && Written + bytes >= at)
            act();
        Written += bytes;
    }

    private sealed class Relay(WatchedEngine watched, Stream destination) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            watched.Count(count);
            destination.Write(buffer, offset, count);
        }
    }
}
