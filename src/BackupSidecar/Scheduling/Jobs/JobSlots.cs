using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>The right to run, for so many at a time. Who comes when all are taken waits, and nobody is passed over.</summary>
internal sealed class JobSlots(int count, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count, count);

    public async Task WaitAsync(string who, CancellationToken cancellation)
    {
        var turn = _free.WaitAsync(cancellation);
        if (!turn.IsCompleted)
            log.LogInformation("{Who} waits for its turn: {Count} labelled databases are being backed up already (BACKUP_LABEL_CONCURRENCY).", who, count);
        await turn;
    }

    public void Release() => _free.Release();

    public void Dispose() => _free.Dispose();
}
