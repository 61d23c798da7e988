using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling;

/// <summary>
/// Runs a job when its schedule says so, one run at a time, until it is cancelled. What falls due during a run is skipped; after
/// a suspended machine, a clock that was set forward, or (with <c>catchUp</c>) a time in which the program was down, the job
/// runs once, however many times it was due. Nothing that the job throws ends the loop.
/// </summary>
/// <param name="schedule">When.</param>
/// <param name="run">The job. It gets the token of the loop and decides itself how to end when that fires.</param>
/// <param name="lastStarted">When the last run began, for catching up; null if there was none.</param>
/// <param name="catchUp">Whether a run that was due while nobody could start it is made up for.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where skipped and failed runs are told.</param>
internal sealed class Scheduler(
    CronSchedule schedule, Func<CancellationToken, Task> run, DateTimeOffset? lastStarted, bool catchUp, TimeProvider time, ILogger log)
{
    /// <summary>Before this year the clock has certainly not been set yet.</summary>
    private const int FirstPlausibleYear = 2024;

    /// <summary>More are not counted one by one.</summary>
    private const int CountingLimit = 1000;

    /// <summary>A changed clock is noticed after this time at the latest.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>A run that is later than this was missed, not merely delayed by a wait.</summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromMinutes(2);

    /// <summary>A clock that goes back by no more than this is waited for, so that nothing runs twice; beyond it all starts anew.</summary>
    private static readonly TimeSpan LongestStepBack = TimeSpan.FromHours(1);

    private DateTimeOffset? _handledUntil;

    /// <summary>How often the job was due and not run, because a run was going on or was made up for by a later one.</summary>
    public long Skipped { get; private set; }

    /// <summary>Runs until the token fires, and then returns.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await WaitUntilDueAsync(cancellation);
                await RunOnceAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            log.LogDebug("The schedule has ended.");
        }
    }

    private async Task WaitUntilDueAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var now = await PlausibleNowAsync(cancellation);
            var due = schedule.Next(HandledUntil(now));
            if (due > now)
                await Task.Delay(Shortest(due - now), time, cancellation);
            else if (Claim(now))
                return;
        }
    }

    /// <summary>A machine without a battery boots in 1970; nothing is due and nothing may be pruned before its clock is set.</summary>
    private async Task<DateTimeOffset> PlausibleNowAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (now.Year >= FirstPlausibleYear)
            return now;

        log.LogWarning("The clock shows {Now:u}, which cannot be right. Nothing is run until it is set.", now);
        while ((now = time.GetUtcNow()).Year < FirstPlausibleYear)
            await Task.Delay(LongestWait, time, cancellation);
        return now;
    }

    private DateTimeOffset HandledUntil(DateTimeOffset now)
    {
        var handled = _handledUntil ?? (catchUp && lastStarted is { } last ? last : now);
        if (handled - now > LongestStepBack)
        {
            log.LogWarning("The clock went back from {Before:u} to {Now:u}; the schedule starts anew from there.", handled, now);
            handled = now;
        }

        _handledUntil = handled;
        return handled;
    }

    /// <summary>Takes everything that is due until now as one run. False if it came too late and is not to be made up for.</summary>
    private bool Claim(DateTimeOffset now)
    {
        var due = DueUntil(now).ToList();
        _handledUntil = now;
        var missed = now - due[^1] > Punctual;
        if (missed && !catchUp)
        {
            Skipped += due.Count;
            log.LogWarning("The run of {Due:u} was missed and is not made up for.", due[^1]);
            return false;
        }

        Skipped += due.Count - 1;
        if (missed || due.Count > 1)
            log.LogWarning("The run of {Due:u} was missed; it is made up for now, once. Skipped: {Skipped}.", due[0], due.Count - 1);
        return true;
    }

    private async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await run(cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            log.LogWarning("A scheduled run was given up before its end. The schedule goes on.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogError(e, "A scheduled run ended with an unexpected error. The schedule goes on.");
        }

        SkipWhatFellDueMeanwhile();
    }

    private void SkipWhatFellDueMeanwhile()
    {
        var finished = time.GetUtcNow();
        if (finished <= _handledUntil)
            return;

        // What is due at this very instant is punctual, not late.
        var overlapped = DueUntil(finished.AddTicks(-1)).Count();
        _handledUntil = finished.AddTicks(-1);
        if (overlapped == 0)
            return;
        Skipped += overlapped;
        log.LogWarning("The run took longer than the schedule allows: skipped {Skipped} runs that were due meanwhile.", overlapped);
    }

    private IEnumerable<DateTimeOffset> DueUntil(DateTimeOffset end) =>
        schedule.Upcoming(_handledUntil!.Value).TakeWhile(due => due <= end).Take(CountingLimit);

    private static TimeSpan Shortest(TimeSpan wait)
    {
        // Timers count in milliseconds; rounding down would make the last one a busy loop.
        var rounded = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        return rounded < LongestWait ? rounded : LongestWait;
    }
}
