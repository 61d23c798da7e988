using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Discovery;

/// <summary>The watch over an engine that tells of no events (a socket proxy may keep them back), so that only its ticks look.</summary>
public sealed class ContainerWatchTests
{
    private const int TimeLimit = 30_000;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly RecordingLog _log = new();

    [Fact(Timeout = TimeLimit)]
    public async Task Where_nobody_tells_what_happens_every_tick_looks_all_the_same()
    {
        await using var daemon = new FakeDockerDaemon();
        daemon.Add("one");
        using var engine = new DockerEngine(daemon.Host, TimeProvider.System);

        var seen = new List<int>();
        await foreach (var containers in Watch(engine).FollowAsync(TestContext.Current.CancellationToken))
        {
            seen.Add(containers.Count);
            if (containers.Count == 2)
                break;
            daemon.Add("two");
        }

        Assert.Equal([1, 2], seen);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_the_engine_tells_before_its_list_shows_it_is_seen_soon_after()
    {
        await using var daemon = new FakeDockerDaemon();
        var container = daemon.Add("one");
        using var engine = new DockerEngine(daemon.Host, TimeProvider.System);
        var watch = new ContainerWatch(engine, TimeSpan.FromHours(1), TimeProvider.System, _log);
        await using var looks = watch.FollowAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        // The first look, and the one when the events begin to be followed.
        Assert.True(await looks.MoveNextAsync());
        Assert.True(await looks.MoveNextAsync());
        container.Status = "exited";
        Assert.True(await looks.MoveNextAsync());

        Assert.Equal("exited", Assert.Single(looks.Current).State);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task An_engine_that_cannot_be_asked_is_told_of_once_and_asked_again()
    {
        await using var daemon = new FakeDockerDaemon { AllowedMethods = [] };
        using var engine = new DockerEngine(daemon.Host, TimeProvider.System);
        await using var looks = Watch(engine).FollowAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        var look = looks.MoveNextAsync();
        while (!_log.Lines.Any(line => line.StartsWith("Warning", StringComparison.Ordinal)))
            await Task.Delay(Tick, TestContext.Current.CancellationToken);
        daemon.AllowedMethods = ["GET"];

        Assert.True(await look);
        Assert.Contains("what they said last holds", Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(_log.Lines, line => line.Contains("answers again", StringComparison.Ordinal));
    }

    private ContainerWatch Watch(DockerEngine engine) => new(engine, Tick, TimeProvider.System, _log);
}
