namespace BackupSidecar.Stores.S3;

/// <summary>How long we bear with a server: the longest trouble, the waits between tries, and the longest silence.</summary>
internal sealed record Patience
{
    /// <summary>
    /// A request is tried again until so long after its first failure: enough for a server that restarts, and no more,
    /// because a run waits for its last store.
    /// </summary>
    public TimeSpan LongestTrouble { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The same for a server that has never answered: enough for a name or a route that appears late.</summary>
    public TimeSpan LongestFirstLook { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A server that says when to come back (Retry-After) is left alone for so long, all waits of one request together. They do not
    /// count against its trouble.
    /// </summary>
    public TimeSpan LongestAsked { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A request without a body to speak of is answered within this time, or given up.</summary>
    public TimeSpan LongestAnswer { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that carries a body is given up when nothing moves for this long; buffers on slow lines are deep.</summary>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A server that puts the parts of a large archive together may be silent for minutes.</summary>
    public TimeSpan LongestCompletion { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For undoing, which must not hold up a run that is ending.</summary>
    public TimeSpan UndoLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For undoing at a server that has not answered at last: one try, in case it is back.</summary>
    public TimeSpan UndoLimitWhenDead { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The wait after that many failed tries: doubled each time, and spread so that clients do not come back together.</summary>
    public TimeSpan WaitAfter(int failures)
    {
        var whole = Math.Min(LongestWait.TotalSeconds, FirstWait.TotalSeconds * Math.Pow(2, failures - 1));
        return TimeSpan.FromSeconds(whole * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
