namespace BackupSidecar.Runs;

/// <summary>What has to be done at the end of a run is not cancelled at once when the program is asked to end; it gets this much longer.</summary>
internal sealed class Grace : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration _asked;

    public Grace(TimeSpan grace, CancellationToken interrupted) => _asked = interrupted.Register(() => _source.CancelAfter(grace));

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _asked.Dispose();
        _source.Dispose();
    }
}
