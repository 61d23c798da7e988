using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Docker;

public sealed class ContainerEventsTests : IAsyncLifetime
{
    private const int TimeLimit = 30_000;

    private readonly FakeDockerDaemon _daemon = new();
    private readonly SkippingClock _clock = new();
    private readonly RecordingLog _log = new();
    private readonly DockerEngine _engine;

    public ContainerEventsTests() => _engine = new DockerEngine(_daemon.Host, _clock);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Events_come_with_the_labels_of_their_container_and_begin_with_all_that_is_unknown()
    {
        var app = _daemon.Add("shop-app-1", "shop", "app");
        await using var events = Follow();

        Assert.Equal(ContainerChange.Unknown, (await NextAsync(events)).Change);
        await _daemon.Saw("listening");
        _daemon.Tell("start", app);
        var told = await NextAsync(events);

        Assert.Equal((ContainerChange.Started, app.Id, "shop-app-1"), (told.Change, told.Id, told.Name));
        Assert.Equal("app", told.Labels[ComposeLabels.Service]);
        Assert.Contains(_daemon.Paths, path => path == "/v1.41/events");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_stream_that_breaks_is_taken_up_again_and_what_was_missed_is_unknown()
    {
        var app = _daemon.Add("app");
        await using var events = Follow();
        await NextAsync(events);
        await _daemon.Saw("listening");
        _daemon.Forget();
        _daemon.BreakEvents();

        Assert.Equal(ContainerChange.Unknown, (await NextAsync(events)).Change);
        await _daemon.Saw("listening");
        _daemon.Tell("destroy", app);

        Assert.Equal(ContainerChange.Destroyed, (await NextAsync(events)).Change);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task An_engine_that_is_away_is_told_of_once_and_asked_until_it_is_back()
    {
        await _daemon.GoDownAsync();
        _clock.Meanwhile = skipped =>
        {
            if (skipped == 4)
                _daemon.Start();
        };
        await using var events = Follow();

        Assert.Equal(ContainerChange.Unknown, (await NextAsync(events)).Change);

        Assert.Single(_log.Lines, line => line.StartsWith("Warning: The events of the Docker engine cannot be followed", StringComparison.Ordinal));
        Assert.Contains("Information: The events of the Docker engine are followed again.", _log.Lines);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_proxy_that_does_not_allow_it_is_told_what_to_set()
    {
        _daemon.AllowedMethods = [];
        _daemon.Nonsense = new TinyResponse(200);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        _clock.Meanwhile = _ => cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await new ContainerEvents(_engine, _clock, _log).FollowAsync(cancellation.Token).GetAsyncEnumerator(cancellation.Token).MoveNextAsync());

        Assert.Contains(_log.Lines, line => line.Contains("403", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"Type":"image","Action":"pull","Actor":{"ID":"x"}}""")]
    [InlineData("""{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"x"}}""")]
    [InlineData("""{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"x"}}""")]
    [InlineData("""{"Type":"container","Action":"start"}""")]
    public void What_is_no_change_is_not_told(string line) => Assert.Null(ContainerEvent.Parse(line));

    private IAsyncEnumerator<ContainerEvent> Follow() => new ContainerEvents(_engine, _clock, _log).FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);

    private static async Task<ContainerEvent> NextAsync(IAsyncEnumerator<ContainerEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }
}
