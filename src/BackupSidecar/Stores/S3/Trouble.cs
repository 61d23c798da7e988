namespace BackupSidecar.Stores.S3;

/// <summary>
/// The failures of one request in a row: whether another try is worth it, and the wait before it. A server that has never
/// answered gets less patience, counted from the first try: its address may be wrong, and a run or a person is waiting. One that
/// says when to come back is taken at its word.
/// </summary>
internal sealed class Trouble(Patience patience, bool isFirstLook, TimeProvider clock)
{
    private int _failures;
    private long _began = clock.GetTimestamp();
    private TimeSpan _asked;
    private TimeSpan _allAsked;

    /// <summary>Counts a failure, and says whether to try again: it may pass, and the first one was not too long ago.</summary>
    public bool IsBearable(StoreException failure)
    {
        if (_failures++ == 0 && !isFirstLook)
            _began = clock.GetTimestamp();
        var longest = isFirstLook ? patience.LongestFirstLook : patience.LongestTrouble;
        var isBearable = failure.IsTransient && clock.GetElapsedTime(_began) < longest + _allAsked;
        var left = patience.LongestAsked - _allAsked;
        _asked = failure is S3StoreException { RetryAfter: { } asked } ? (asked < left ? asked : left) : TimeSpan.Zero;
        _allAsked += _asked;
        return isBearable;
    }

    public Task WaitAsync(CancellationToken cancellation) =>
        Task.Delay(_asked > TimeSpan.Zero ? _asked : patience.WaitAfter(_failures), clock, cancellation);

    /// <summary>A try succeeded; what fails from now on counts anew.</summary>
    public void IsOver() => (_failures, _allAsked) = (0, TimeSpan.Zero);
}
