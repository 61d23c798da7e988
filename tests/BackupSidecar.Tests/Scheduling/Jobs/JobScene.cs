using System.Diagnostics;
using System.Threading.Channels;
using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Scheduling.Jobs;
using BackupSidecar.Tests.Discovery;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Scheduling.Jobs;

/// <summary>Jobs over a clock that the test moves, and runs that last until the test ends them.</summary>
internal sealed class JobScene : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 20, 8, 30, 0, TimeSpan.Zero);

    private readonly CancellationTokenSource _ends = new();
    private readonly Channel<Run> _runs = Channel.CreateUnbounded<Run>();
    private readonly LabelSurvey _survey = new(LabelScope.All, null, null, Labelled.Policy);
    private readonly JobSlots _slots;
    private readonly DirectoryInfo _state;

    public JobScene(int slots = 20, TimeSpan comingUp = default, FakeClock? clock = null, DirectoryInfo? state = null)
    {
        Clock = clock ?? new FakeClock(Start);
        _state = state ?? Directory.CreateTempSubdirectory("jobs-");
        _slots = new JobSlots(slots, Log);
        Jobs = new LabelledJobs(
            new JobMeans
            {
                Run = RunAsync,
                Slots = _slots,
                Ledger = new JobLedger(_state.FullName, Log),
                ComingUp = comingUp,
                Time = Clock,
                Log = Log,
                Ends = _ends.Token,
            });
    }

    public FakeClock Clock { get; }

    public RecordingLog Log { get; } = new();

    public LabelledJobs Jobs { get; }

    public JobSlots Slots => _slots;

    /// <summary>What the operator says.</summary>
    public JobRules Rules { get; set; } = new(TimeZoneInfo.Utc);

    public DirectoryInfo State => _state;

    public bool NothingRuns => _runs.Reader.Count == 0;

    public static ContainerSummary Db(string name = "db", string cron = "0 * * * *", string state = "running", long created = 1, string? service = null) =>
        Labelled.Container(name, Labelled.Enough().With("backup.cron", cron).With("backup.prefix", name), service is null ? null : "shop", state, created, service);

    /// <summary>Shows the jobs these containers.</summary>
    public void Show(params ContainerSummary[] containers) => Jobs.Follow(_survey.Of(containers), Rules);

    /// <summary>The same, and waits until all that runs follows the clock.</summary>
    public async Task ShowAsync(params ContainerSummary[] containers)
    {
        Show(containers);
        await Clock.UntilTimersAsync(Jobs.All.Count);
    }

    /// <summary>Lets time pass, minute by minute, so that every loop follows.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        await LetLoopsRunAsync();
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMinutes(1))
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await LetLoopsRunAsync();
        }
    }

    public async Task<Run> NextRunAsync() => await _runs.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await Jobs.DisposeAsync();
        _slots.Dispose();
        _ends.Dispose();
        if (_state.Exists)
            _state.Delete(recursive: true);
    }

    /// <summary>Loops that were woken need a moment of the real time: more of it where our own moment comes late as well.</summary>
    private static async Task LetLoopsRunAsync()
    {
        var moment = TimeSpan.FromMilliseconds(5);
        for (var tries = 0; tries < 10; tries++)
        {
            var watch = Stopwatch.StartNew();
            await Task.Delay(moment);
            if (watch.Elapsed < 2 * moment)
                return;
        }
    }

    private async Task<bool> RunAsync(LabelledDatabase database, CancellationToken ends)
    {
        var run = new Run(database, Clock.GetUtcNow());
        _runs.Writer.TryWrite(run);
        await run.Over.Task.WaitAsync(ends);
        return !run.Fails;
    }

    internal sealed record Run(LabelledDatabase Database, DateTimeOffset At)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Fails { get; private set; }

        public void Fail()
        {
            Fails = true;
            Over.SetResult();
        }
    }
}
