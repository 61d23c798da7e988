namespace BackupSidecar.Stores.S3;

/// <summary>The failures of one request in a row: whether another try is worth it, and the wait before it.</summary>
internal sealed class Trouble(Patience patience, TimeProvider clock)
{
    private int _failures;
    private long _began;

    /// <summary>Counts a failure, and says whether to try again: it may pass, and the first one was not too long ago.</summary>
    public bool IsBearable(StoreException failure)
    {
        if (_failures++ == 0)
            _began = clock.GetTimestamp();
        return failure.IsTransient && clock.GetElapsedTime(_began) < patience.LongestTrouble;
    }

    public Task WaitAsync(CancellationToken cancellation) => Task.Delay(patience.WaitAfter(_failures), clock, cancellation);

    /// <summary>A try succeeded; what fails from now on counts anew.</summary>
    public void IsOver() => _failures = 0;
}
