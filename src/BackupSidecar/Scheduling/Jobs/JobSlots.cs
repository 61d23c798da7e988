using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>The right to run, for so many at a time. Who comes when all are taken waits, and nobody is passed over.</summary>
internal sealed class JobSlots(int count, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);
    private readonly Lock _gate = new();
    private int _count = count;

    /// <summary>How many of those that are taken are not to be given out again.</summary>
    private int _tooMany;

    /// <summary>From now on there are so many. Where more are taken, they come to their own end.</summary>
    public void Become(int count)
    {
        lock (_gate)
        {
            for (; _count < count; _count++)
                GiveBack();
            for (; _count > count; _count--)
            {
                if (!_free.Wait(0))
                    _tooMany++;
            }
        }
    }

    public async Task WaitAsync(string who, CancellationToken cancellation)
    {
        var turn = _free.WaitAsync(cancellation);
        if (!turn.IsCompleted)
            log.LogInformation("{Who} waits for its turn: {Count} labelled databases are being backed up already (BACKUP_LABEL_CONCURRENCY).", who, _count);
        await turn;
    }

    public void Release()
    {
        lock (_gate)
            GiveBack();
    }

    public void Dispose() => _free.Dispose();

    private void GiveBack()
    {
        if (_tooMany > 0)
            _tooMany--;
        else
            _free.Release();
    }
}
