namespace BackupSidecar.Stores.S3;

/// <summary>
/// The failures of one request in a row: whether another try is worth it, and the wait before it. A server that has never
/// answered gets less patience, counted from the first try: its address may be wrong, and a run or a person is waiting.
/// </summary>
internal sealed class Trouble(Patience patience, bool isFirstLook, TimeProvider clock)
{
    private int _failures;
    private long _began = clock.GetTimestamp();

    /// <summary>Counts a failure, and says whether to try again: it may pass, and the first one was not too long ago.</summary>
    public bool IsBearable(StoreException failure)
    {
        if (_failures++ == 0 && !isFirstLook)
            _began = clock.GetTimestamp();
        var longest = isFirstLook ? patience.LongestFirstLook : patience.LongestTrouble;
        return failure.IsTransient && clock.GetElapsedTime(_began) < longest;
    }

    public Task WaitAsync(CancellationToken cancellation) => Task.Delay(patience.WaitAfter(_failures), clock, cancellation);

    /// <summary>A try succeeded; what fails from now on counts anew.</summary>
    public void IsOver() => _failures = 0;
}
