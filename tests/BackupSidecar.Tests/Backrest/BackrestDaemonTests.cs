using BackupSidecar.Backrest;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Backrest;

public sealed class BackrestDaemonTests : IAsyncLifetime
{
    private const int TimeLimit = 30_000;

    private readonly FakeDockerDaemon _docker = new();
    private readonly FakeClock _clock = new(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero));
    private readonly RecordingLog _log = new();
    private readonly DockerEngine _engine;
    private readonly SemaphoreSlim _looks = new(0);
    private bool _isSoon;

    public BackrestDaemonTests() => _engine = new DockerEngine(_docker.Host, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        _looks.Dispose();
        await _docker.DisposeAsync();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task It_looks_at_once_and_then_at_every_interval_until_it_is_asked_to_end()
    {
        using var ending = new CancellationTokenSource();
        var daemon = Run(events: null, ending.Token);
        await _looks.WaitAsync(Cancellation);
        await _clock.UntilTimersAsync();

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, _looks.CurrentCount);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _looks.WaitAsync(Cancellation);
        await ending.CancelAsync();

        await daemon;
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_could_not_be_done_yet_is_tried_again_sooner()
    {
        _isSoon = true;
        using var ending = new CancellationTokenSource();
        var daemon = Run(events: null, ending.Token);
        await _looks.WaitAsync(Cancellation);
        await _clock.UntilTimersAsync();

        _clock.Advance(TimeSpan.FromSeconds(10));
        await _looks.WaitAsync(Cancellation);
        await ending.CancelAsync();

        await daemon;
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_labelled_container_that_comes_is_seen_when_all_is_quiet_and_others_are_not()
    {
        var other = _docker.Add("other");
        var app = _docker.Add("app");
        app.Labels["backrest.enable"] = "true";
        using var ending = new CancellationTokenSource();
        var daemon = Run(new ContainerEvents(_engine, _clock, _log), ending.Token);
        await _looks.WaitAsync(Cancellation);
        await _docker.Saw("listening");
        // The stream begins with a look of its own.
        await RestAsync();
        await _looks.WaitAsync(Cancellation);
        await _clock.UntilTimersAsync();

        _docker.Tell("create", other);
        _docker.Tell("die", app);
        _docker.Tell("start", app);
        _docker.Tell("create", app);
        await RestAsync();

        await _looks.WaitAsync(Cancellation);
        Assert.Equal(0, _looks.CurrentCount);
        await ending.CancelAsync();
        await daemon;
    }

    /// <summary>Lets the daemon's rest after an event go by, whenever it comes to it.</summary>
    private async Task RestAsync()
    {
        while (_looks.CurrentCount == 0)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, Cancellation);
        }
    }

    private Task Run(ContainerEvents? events, CancellationToken ending) => new BackrestDaemon(
        new BackrestReader(
            // What follows events is not to be mistaken for the interval.
            events is null ? new Dictionary<string, IReadOnlyList<string>>() : new Dictionary<string, IReadOnlyList<string>> { ["--interval"] = ["24h"] },
            new Dictionary<string, string>(), _ => FileReading.Missing).Read(),
        _ =>
        {
            _looks.Release();
            return Task.FromResult(_isSoon);
        },
        events,
        _clock,
        _log).RunAsync(ending);
}
