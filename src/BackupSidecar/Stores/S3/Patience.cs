namespace BackupSidecar.Stores.S3;

/// <summary>How long we bear with a server: tries of one request, the waits between them, and the longest silence.</summary>
internal sealed record Patience
{
    public int Tries { get; init; } = 6;

    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection on which nothing moves for this long is given up.</summary>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For undoing, which must not hold up a run that is ending.</summary>
    public TimeSpan UndoLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The wait after that many failed tries: doubled each time, and spread so that clients do not come back together.</summary>
    public TimeSpan WaitAfter(int failures)
    {
        var whole = Math.Min(LongestWait.TotalSeconds, FirstWait.TotalSeconds * Math.Pow(2, failures - 1));
        return TimeSpan.FromSeconds(whole * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
