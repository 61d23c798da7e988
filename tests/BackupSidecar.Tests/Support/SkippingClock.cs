namespace BackupSidecar.Tests.Support;

/// <summary>
/// A clock for work that pauses: short delays are over at once, and time has moved on by them. Long ones, which are limits
/// on calls, run out when the test says so.
/// </summary>
internal sealed class SkippingClock(TimeSpan longestSkipped) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Limit> _limits = [];
    private readonly List<TimeSpan> _skipped = [];
    private DateTimeOffset _now = new(2026, 3, 1, 3, 0, 0, TimeSpan.Zero);

    public SkippingClock()
        : this(TimeSpan.FromSeconds(9))
    {
    }

    /// <summary>Called during each skipped delay, with the number of those so far: what happens in the world meanwhile.</summary>
    public Action<int> Meanwhile { get; set; } = _ => { };

    public IReadOnlyList<TimeSpan> Skipped
    {
        get
        {
            lock (_gate)
                return [.. _skipped];
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Time goes by without anybody waiting for it.</summary>
    public void Pass(TimeSpan time)
    {
        lock (_gate)
            _now += time;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var limit = new Limit(this, callback, state, dueTime);
        lock (_gate)
        {
            if (dueTime > longestSkipped || dueTime == Timeout.InfiniteTimeSpan)
            {
                _limits.Add(limit);
                return limit;
            }
            _skipped.Add(dueTime);
            _now += dueTime;
        }
        Meanwhile(Skipped.Count);
        ThreadPool.QueueUserWorkItem(_ => callback(state));
        return limit;
    }

    /// <summary>Lets every limit that is running now run out.</summary>
    public void RunOut()
    {
        List<Limit> due;
        lock (_gate)
        {
            due = [.. _limits];
            _now += due.Max(limit => limit.Length);
        }
        foreach (var limit in due)
            limit.Fire();
    }

    private sealed class Limit(SkippingClock clock, TimerCallback callback, object? state, TimeSpan length) : ITimer
    {
        public TimeSpan Length => length;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (clock._gate)
                clock._limits.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
