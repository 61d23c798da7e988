using System.Threading.Channels;
using BackupSidecar.Scheduling;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Scheduling;

public sealed class SchedulerTests
{
    private const int TimeLimit = 30_000;

    private static readonly DateTimeOffset Start = new(2026, 11, 20, 8, 30, 0, TimeSpan.Zero);

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_begins_when_it_is_due_and_not_before()
    {
        await using var bench = new Bench("0 * * * *");

        await bench.PassAsync(TimeSpan.FromMinutes(29));
        Assert.Empty(bench.Runs);

        await bench.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([Start.AddMinutes(30)], bench.Runs);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_day_of_an_hourly_job_has_24_runs()
    {
        await using var bench = new Bench("0 * * * *");

        await bench.PassAsync(TimeSpan.FromDays(1));

        Assert.Equal(Enumerable.Range(0, 24).Select(hour => Start.AddMinutes(30).AddHours(hour)), bench.Runs);
        Assert.Equal(0, bench.Scheduler.Skipped);
        Assert.Empty(bench.Log.Lines(LogLevel.Warning));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_falls_due_during_a_long_run_is_skipped_and_told_once()
    {
        await using var bench = new Bench("0 * * * *") { FirstRunTakes = TimeSpan.FromHours(3.5) };

        await bench.PassAsync(TimeSpan.FromHours(5));

        Assert.Equal([Start.AddMinutes(30), Start.AddMinutes(30 + (4 * 60))], bench.Runs);
        Assert.Equal(3, bench.Scheduler.Skipped);
        Assert.Contains("skipped 3 runs", Assert.Single(bench.Log.Lines(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_that_ends_as_the_next_falls_due_skips_nothing()
    {
        await using var bench = new Bench("0 * * * *") { FirstRunTakes = TimeSpan.FromHours(1) };

        await bench.PassAsync(TimeSpan.FromHours(2));

        Assert.Equal([Start.AddMinutes(30), Start.AddMinutes(90)], bench.Runs);
        Assert.Equal(0, bench.Scheduler.Skipped);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_job_that_throws_is_run_again_at_its_next_time()
    {
        await using var bench = new Bench("0 * * * *") { Failure = new InvalidOperationException("It broke.") };

        await bench.PassAsync(TimeSpan.FromHours(2));

        Assert.Equal(2, bench.Runs.Count);
        Assert.Equal(2, bench.Log.Lines(LogLevel.Error).Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_job_that_gives_up_by_its_own_time_limit_does_not_end_the_schedule()
    {
        await using var bench = new Bench("0 * * * *") { Failure = new OperationCanceledException() };

        await bench.PassAsync(TimeSpan.FromHours(2));

        Assert.Equal(2, bench.Runs.Count);
        Assert.Empty(bench.Log.Lines(LogLevel.Error));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(3)]
    [InlineData(24)]
    [InlineData(24 * 90)]
    public async Task What_was_missed_while_the_program_was_down_is_made_up_for_by_one_run(int hoursDown)
    {
        await using var bench = new Bench("0 * * * *", lastStarted: Start.AddHours(-hoursDown), catchUp: true);

        await bench.PassAsync(TimeSpan.FromMinutes(45));

        Assert.Equal([Start, Start.AddMinutes(30)], bench.Runs);
        Assert.Single(bench.Log.Lines(LogLevel.Warning));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Nothing_is_made_up_for_if_nothing_was_missed()
    {
        await using var bench = new Bench("0 * * * *", lastStarted: Start.AddMinutes(-30), catchUp: true);

        await bench.PassAsync(TimeSpan.FromMinutes(29));

        Assert.Empty(bench.Runs);
    }

    /// <summary>Down from before the time that the schedule names until <paramref name="startsAt"/>, minutes after it; the run is 20 minutes later.</summary>
    [Theory(Timeout = TimeLimit)]
    [InlineData(5, 20, 0)]
    [InlineData(19, 20, 0)]
    [InlineData(25, 25, 1)]
    public async Task A_run_that_is_spread_is_missed_after_its_own_time_only(int startsAt, int runsAt, int warnings)
    {
        var named = new DateTimeOffset(2026, 11, 20, 2, 0, 0, TimeSpan.Zero);
        await using var bench = new Bench(
            "0 2 * * *", lastStarted: named.AddDays(-1).AddMinutes(20), catchUp: true, startAt: named.AddMinutes(startsAt), later: TimeSpan.FromMinutes(20));

        await bench.PassAsync(TimeSpan.FromHours(2));

        Assert.Equal([named.AddMinutes(runsAt)], bench.Runs);
        Assert.Equal(warnings, bench.Log.Lines(LogLevel.Warning).Count);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_first_start_and_a_switched_off_catch_up_wait_for_the_next_time(bool hasRunBefore, bool catchUp)
    {
        await using var bench = new Bench("0 * * * *", hasRunBefore ? Start.AddDays(-3) : null, catchUp);

        await bench.PassAsync(TimeSpan.FromMinutes(29));

        Assert.Empty(bench.Runs);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(1)]
    [InlineData(72)]
    public async Task After_a_suspended_machine_wakes_the_job_runs_once_within_a_minute(int hours)
    {
        await using var bench = new Bench("0 * * * *", catchUp: true);
        await bench.PassAsync(TimeSpan.FromMinutes(10));

        bench.Clock.Step(TimeSpan.FromHours(hours));
        await bench.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal([Start.AddMinutes(11).AddHours(hours)], bench.Runs);
        Assert.Equal(hours - 1, bench.Scheduler.Skipped);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Without_catch_up_a_suspended_machine_waits_for_the_next_time()
    {
        await using var bench = new Bench("0 * * * *", catchUp: false);
        await bench.PassAsync(TimeSpan.FromMinutes(10));

        bench.Clock.Step(TimeSpan.FromHours(3));
        await bench.PassAsync(TimeSpan.FromMinutes(19));
        Assert.Empty(bench.Runs);

        await bench.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([Start.AddHours(3).AddMinutes(30)], bench.Runs);
        Assert.Equal(3, bench.Scheduler.Skipped);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_clock_that_goes_back_an_hour_runs_nothing_twice()
    {
        await using var bench = new Bench("0 * * * *", catchUp: true);
        await bench.PassAsync(TimeSpan.FromMinutes(31));

        bench.Clock.Step(TimeSpan.FromHours(-1));
        await bench.PassAsync(TimeSpan.FromMinutes(119));

        Assert.Equal([Start.AddMinutes(30), Start.AddMinutes(90)], bench.Runs);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_clock_that_was_years_ahead_does_not_stop_the_backups_for_years()
    {
        await using var bench = new Bench("0 * * * *", lastStarted: Start.AddYears(10), catchUp: true);

        await bench.PassAsync(TimeSpan.FromHours(1));

        Assert.Equal([Start.AddMinutes(30)], bench.Runs);
        Assert.Contains("went back", Assert.Single(bench.Log.Lines(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_machine_that_boots_in_1970_does_nothing_until_its_clock_is_set()
    {
        var boot = new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await using var bench = new Bench("* * * * *", lastStarted: Start.AddHours(-5), catchUp: true, startAt: boot);

        await bench.PassAsync(TimeSpan.FromHours(2));
        Assert.Empty(bench.Runs);
        Assert.Single(bench.Log.Lines(LogLevel.Warning));

        bench.Clock.Step(Start - bench.Clock.GetUtcNow());
        await bench.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Single(bench.Runs);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_schedule_ends_quietly_when_it_is_cancelled()
    {
        await using var bench = new Bench("0 * * * *");
        await bench.PassAsync(TimeSpan.FromMinutes(10));

        await bench.CancelAsync();

        Assert.Empty(bench.Log.Lines(LogLevel.Warning));
        Assert.Empty(bench.Log.Lines(LogLevel.Error));
    }

    /// <summary>A scheduler with its clock; time passes minute by minute, and each minute is over once the scheduler waits again.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly CancellationTokenSource _cancel = new();
        private readonly Channel<DateTimeOffset> _runs = Channel.CreateUnbounded<DateTimeOffset>();
        private readonly List<DateTimeOffset> _seen = [];
        private Task? _loop;

        public Bench(
            string expression, DateTimeOffset? lastStarted = null, bool catchUp = false, DateTimeOffset? startAt = null, TimeSpan later = default)
        {
            Clock = new FakeClock(startAt ?? Start);
            Scheduler = new Scheduler(CronSchedule.Parse(expression, TimeZoneInfo.Utc).LaterBy(later), RunAsync, lastStarted, catchUp, Clock, Log);
        }

        public FakeClock Clock { get; }

        public LogRecorder Log { get; } = new();

        public Scheduler Scheduler { get; }

        public TimeSpan FirstRunTakes { get; init; }

        public Exception? Failure { get; init; }

        public List<DateTimeOffset> Runs
        {
            get
            {
                while (_runs.Reader.TryRead(out var run))
                    _seen.Add(run);
                return _seen;
            }
        }

        public async Task PassAsync(TimeSpan time)
        {
            _loop ??= Task.Run(() => Scheduler.RunAsync(_cancel.Token));
            await Clock.UntilTimersAsync();
            for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMinutes(1))
            {
                Clock.Advance(TimeSpan.FromMinutes(1));
                await Clock.UntilTimersAsync();
            }
        }

        public async Task CancelAsync()
        {
            await _cancel.CancelAsync();
            await (_loop ?? Task.CompletedTask);
        }

        public async ValueTask DisposeAsync()
        {
            await CancelAsync();
            _cancel.Dispose();
        }

        private async Task RunAsync(CancellationToken cancellation)
        {
            var isFirst = _runs.Reader.Count == 0 && _seen.Count == 0;
            await _runs.Writer.WriteAsync(Clock.GetUtcNow(), cancellation);
            if (Failure is not null)
                throw Failure;
            if (isFirst && FirstRunTakes > TimeSpan.Zero)
                await Task.Delay(FirstRunTakes, Clock, cancellation);
        }
    }
}
