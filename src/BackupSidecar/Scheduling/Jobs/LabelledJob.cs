using BackupSidecar.Discovery;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>
/// The job of one labelled database, whichever container holds it at the time. Its runs never overlap. One that falls due while the
/// container does not run is put off until it does, and then made once; one that fails because the container goes is made again when it
/// is back.
/// </summary>
/// <param name="identity">What stays the same when the container is made anew.</param>
/// <param name="means">How it runs.</param>
internal sealed class LabelledJob(string identity, JobMeans means) : IDisposable
{
    /// <summary>Whoever has been away for so long after its container went during a run waits for its schedule.</summary>
    private static readonly TimeSpan LongestDebt = TimeSpan.FromDays(1);

    private readonly SemaphoreSlim _alone = new(1, 1);
    private readonly Lock _gate = new();
    private readonly JobLog _log = new(means.Log, identity);
    private readonly CancellationTokenSource _debts = CancellationTokenSource.CreateLinkedTokenSource(means.Ends);
    private CancellationTokenSource _schedule = new();
    private JobRules? _rules;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SurveyedContainer? _container;
    private DateTimeOffset _upSince;
    private Task _ended = Task.CompletedTask;
    private volatile bool _isOwed;

    public string Identity => identity;

    /// <summary>Null until it is first followed.</summary>
    public CronSchedule? Schedule { get; private set; }

    /// <summary>Null where the job has gone with its container.</summary>
    public SurveyedContainer? Container
    {
        get
        {
            lock (_gate)
                return _container;
        }
    }

    /// <summary>Whether nothing of it goes on any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _container is null && _ended.IsCompleted;
        }
    }

    /// <summary>When nothing of it goes on any more; to be asked once it has been left, or the program ends.</summary>
    public Task Ended
    {
        get
        {
            lock (_gate)
                return _ended;
        }
    }

    /// <summary>Goes on with what the labels say now. Returns what is new about it, for people; null if nothing is.</summary>
    public string? Follow(SurveyedContainer container, LabelledDatabase database, CronSchedule schedule, JobRules rules)
    {
        lock (_gate)
        {
            var before = _container;
            _container = container;
            if (container.IsRunning && (before is null || !before.IsRunning || before.Summary.Id != container.Summary.Id))
                _upSince = means.Time.GetUtcNow();
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (before is null || Schedule?.ToString() != schedule.ToString() || _rules != rules)
            {
                Begin(schedule, rules);
                return $"{Describe(database)}; {schedule.Describe(means.Time.GetUtcNow())}";
            }
            if (before.Summary.Id != container.Summary.Id)
                return $"{Describe(database)}, in a new container";
            return before.Reading.Database is { } earlier && Describe(earlier) != Describe(database) ? Describe(database) : null;
        }
    }

    /// <summary>Begins nothing more. A run that goes on comes to its own end.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _container = null;
            _schedule.Cancel();
        }
    }

    /// <summary>Nothing that is owed is waited for any more.</summary>
    public void Forgo() => _debts.Cancel();

    public void Dispose()
    {
        _schedule.Dispose();
        _debts.Dispose();
        _alone.Dispose();
    }

    private static string Describe(LabelledDatabase database) =>
        $"{database.Kind} {database.Database} to {string.Join(" and ", database.Stores)}{(database.Prefix.Length > 0 ? $" in {database.Prefix}" : "")}";

    private void Begin(CronSchedule schedule, JobRules rules)
    {
        _schedule.Cancel();
        _schedule = CancellationTokenSource.CreateLinkedTokenSource(means.Ends);
        (Schedule, _rules) = (schedule, rules);
        var ends = _schedule.Token;
        var since = means.Ledger.Note(identity, schedule.ToString(), rules.Zone.Id, means.Time.GetUtcNow());
        var scheduler = new Scheduler(schedule, RunAsync, since, rules.CatchesUp, means.Time, _log);
        _ended = Task.WhenAll(_ended, Task.Run(() => scheduler.RunAsync(ends), CancellationToken.None));
    }

    private async Task RunAsync(CancellationToken ends)
    {
        // What an earlier run owes is made now, and once.
        if (_isOwed)
            return;
        await _alone.WaitAsync(ends);
        try
        {
            await UntilItAnswersAsync(ends);
            var before = Now();
            if (await RunInTurnAsync(ends) || !await HasGoneSinceAsync(before))
                return;
            _isOwed = true;
            await MakeAgainAsync();
        }
        finally
        {
            _isOwed = false;
            _alone.Release();
        }
    }

    /// <summary>Whether there is a backup, or nothing more that one could be made of.</summary>
    private async Task<bool> RunInTurnAsync(CancellationToken ends)
    {
        await means.Slots.WaitAsync(identity, ends);
        try
        {
            if (Container?.Reading.Database is not { } database)
                return true;
            means.Ledger.Begin(identity, means.Time.GetUtcNow());
            // Its run is not ended because its labels change, or its container goes: it finds that out by itself.
            return await means.Run(database, means.Ends);
        }
        finally
        {
            means.Slots.Release();
        }
    }

    private async Task MakeAgainAsync()
    {
        means.Log.LogWarning("{Identity} was stopped or made anew while it was backed up. It is backed up when it runs again.", identity);
        using var longest = new CancellationTokenSource(LongestDebt, means.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_debts.Token, longest.Token);
        try
        {
            await UntilItAnswersAsync(either.Token);
        }
        catch (OperationCanceledException) when (longest.IsCancellationRequested)
        {
            means.Log.LogWarning("{Identity} has not come back for a day; its next backup is the one of its schedule.", identity);
            return;
        }
        await RunInTurnAsync(means.Ends);
    }

    private async Task<bool> HasGoneSinceAsync((string? Id, DateTimeOffset UpSince) before)
    {
        await Task.Delay(means.Settling, means.Time, means.Ends);
        return Now() != before;
    }

    /// <summary>Which container it is that runs, and since when; null where none does.</summary>
    private (string? Id, DateTimeOffset UpSince) Now()
    {
        lock (_gate)
            return (_container is { IsRunning: true } ? _container.Summary.Id : null, _upSince);
    }

    /// <summary>Waits until the container runs, and has done so for as long as a database needs to come up.</summary>
    private async Task UntilItAnswersAsync(CancellationToken ends)
    {
        var isTold = false;
        while (true)
        {
            var (container, answersIn, changed) = Look();
            if (answersIn <= TimeSpan.Zero)
                return;
            if (answersIn is { } moment)
            {
                await Task.WhenAny(changed, Task.Delay(moment, means.Time, ends));
                ends.ThrowIfCancellationRequested();
                continue;
            }
            if (!isTold && container is not null)
                means.Log.LogWarning("{Container} is due and not backed up: it is {State}. It is backed up when it runs again.", container.Container.Name, container.Summary.State ?? "not running");
            isTold = true;
            await changed.WaitAsync(ends);
        }
    }

    /// <summary>The container, in how long it can be expected to answer (null: not before it runs), and what ends when either changes.</summary>
    private (SurveyedContainer? Container, TimeSpan? AnswersIn, Task Changed) Look()
    {
        lock (_gate)
        {
            var answersIn = _container is { IsRunning: true } ? means.ComingUp - (means.Time.GetUtcNow() - _upSince) : (TimeSpan?)null;
            return (_container, answersIn, _changed.Task);
        }
    }
}
