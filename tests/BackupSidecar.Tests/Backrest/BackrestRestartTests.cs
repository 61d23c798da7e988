using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Backrest;

public sealed class BackrestRestartTests : IAsyncLifetime
{
    private readonly FakeDockerDaemon _daemon = new();
    private readonly SkippingClock _clock = new();
    private readonly RecordingLog _log = new();
    private readonly TemporaryFolder _folder = new();
    private readonly FakeContainer _backrest;
    private readonly DockerEngine _engine;
    private readonly PendingApply _pending;

    public BackrestRestartTests()
    {
        _backrest = _daemon.Add("backrest");
        _backrest.Processes.AddRange([["100", "90", "Ss", "tini"], ["101", "100", "Sl", "backrest"]]);
        _engine = new DockerEngine(_daemon.Host, _clock);
        _pending = new PendingApply(new ConfigFile(_folder["config.json"]), _clock);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        await _daemon.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Without_a_change_nothing_is_restarted()
    {
        Assert.Equal(Applied.Nothing, await Restart().ApplyAsync(Cancellation));

        Assert.Empty(Restarts);
    }

    [Fact]
    public async Task A_change_restarts_Backrest_once_with_its_time_to_stop()
    {
        _pending.Note();

        Assert.Equal(Applied.Done, await Restart().ApplyAsync(Cancellation));
        Assert.Equal(Applied.Nothing, await Restart().ApplyAsync(Cancellation));

        Assert.Equal(["restart backrest t=15"], Restarts);
        Assert.Null(_pending.Read());
    }

    [Theory]
    [InlineData("restic")]
    [InlineData("sh")]
    public async Task A_backup_or_a_hook_of_Backrest_is_waited_for(string work)
    {
        _backrest.Processes.Add(["102", "101", "S", work]);
        _pending.Note();
        _clock.Meanwhile = skipped =>
        {
            if (skipped == 3)
                _backrest.Processes.RemoveAt(2);
        };

        Assert.Equal(Applied.Done, await Restart().ApplyAsync(Cancellation));

        Assert.Single(Restarts);
        Assert.Single(_log.Lines, line => line.Contains($"is at work ({work})", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_shell_that_a_person_has_opened_there_is_not_waited_for()
    {
        _backrest.Processes.Add(["200", "1", "S", "sh"]);
        _pending.Note();

        Assert.Equal(Applied.Done, await Restart().TryAsync(Cancellation));
    }

    [Fact]
    public async Task After_the_limit_it_is_restarted_all_the_same_and_says_so()
    {
        _backrest.Processes.Add(["102", "101", "R", "restic"]);
        _pending.Note();

        Assert.Equal(Applied.Done, await Restart().ApplyAsync(Cancellation));

        Assert.True(_clock.Skipped.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause) >= TimeSpan.FromHours(1));
        Assert.Contains(_log.Lines, line => line.StartsWith("Warning: Backrest (backrest) is still at work (restic)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_note_from_long_ago_gives_a_backup_that_runs_now_its_whole_time()
    {
        _pending.Note();
        _clock.Pass(TimeSpan.FromHours(5));
        _backrest.Processes.Add(["102", "101", "R", "restic"]);
        var restart = Restart();

        Assert.Equal(Applied.Later, await restart.TryAsync(Cancellation));
        _clock.Pass(TimeSpan.FromMinutes(59));
        Assert.Equal(Applied.Later, await restart.TryAsync(Cancellation));
        Assert.Empty(Restarts);
        _clock.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal(Applied.Done, await restart.TryAsync(Cancellation));
    }

    [Theory]
    [InlineData("restic")]
    [InlineData("sh")]
    public async Task What_has_ended_and_was_not_fetched_by_its_parent_is_no_work(string ended)
    {
        _backrest.Processes.Add(["102", "101", "Z", $"{ended} <defunct>"]);
        _backrest.Processes.Add(["103", "1", "Zs", ended]);
        _pending.Note();

        Assert.Equal(Applied.Done, await Restart().TryAsync(Cancellation));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(-1, 1)]
    public async Task A_Backrest_that_somebody_started_after_the_change_knows_it(int minutes, int restarts)
    {
        _pending.Note();
        _folder.Write("config.json", "{}");
        _backrest.StartedAt = TimeProvider.System.GetUtcNow().AddMinutes(minutes);

        Assert.Equal(Applied.Done, await Restart().TryAsync(Cancellation));

        Assert.Equal(restarts, Restarts.Count);
        Assert.Null(_pending.Read());
    }

    [Fact]
    public async Task A_restart_that_fails_is_tried_again_later_and_later()
    {
        _backrest.FailingRestarts = 2;
        _pending.Note();
        var restart = Restart();

        Assert.Equal(Applied.Failed, await restart.TryAsync(Cancellation));
        Assert.Equal(Applied.Later, await restart.TryAsync(Cancellation));
        _clock.Pass(TimeSpan.FromSeconds(31));
        Assert.Equal(Applied.Failed, await restart.TryAsync(Cancellation));
        _clock.Pass(TimeSpan.FromSeconds(31));
        Assert.Equal(Applied.Later, await restart.TryAsync(Cancellation));
        _clock.Pass(TimeSpan.FromSeconds(31));
        Assert.Equal(Applied.Done, await restart.TryAsync(Cancellation));

        Assert.Equal(3, Restarts.Count);
    }

    [Fact]
    public async Task Whoever_comes_by_hand_does_not_wait_for_the_next_try()
    {
        _backrest.FailingRestarts = 1;
        _pending.Note();
        Assert.Equal(Applied.Failed, await Restart().TryAsync(Cancellation));

        Assert.Equal(Applied.Done, await Restart().ApplyAsync(Cancellation));
    }

    [Fact]
    public async Task A_Backrest_that_does_not_stay_up_is_told_of()
    {
        _backrest.StatusAfterRestart = "restarting";
        _pending.Note();

        Assert.Equal(Applied.Failed, await Restart().TryAsync(Cancellation));

        Assert.Contains(_log.Lines, line => line.Contains("does not stay up. Its log says why: docker logs backrest", StringComparison.Ordinal));
        Assert.NotNull(_pending.Read());
    }

    [Fact]
    public async Task A_Backrest_that_runs_whenever_it_is_looked_at_because_it_is_started_again_and_again_does_not_stay_up()
    {
        _clock.Meanwhile = skipped =>
        {
            if (skipped == 3)
                _backrest.StartedAt = _clock.GetUtcNow();
        };
        _pending.Note();

        Assert.Equal(Applied.Failed, await Restart().ApplyAsync(Cancellation));

        Assert.DoesNotContain(_log.Lines, line => line.Contains("was restarted and runs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("exited")]
    [InlineData("restarting")]
    [InlineData("running")]
    public async Task A_failed_restart_is_no_success_of_the_engine_that_starts_it_again_and_again(string status)
    {
        _folder.Write("config.json", "{}");
        _backrest.StatusAfterRestart = "restarting";
        _pending.Note();
        Assert.Equal(Applied.Failed, await Restart().ApplyAsync(Cancellation));

        (_backrest.Status, _backrest.StartedAt) = (status, DateTimeOffset.UtcNow.AddYears(1));
        _clock.Meanwhile = _ => _backrest.StartedAt += TimeSpan.FromSeconds(1);
        Assert.Equal(Applied.Failed, await Restart().ApplyAsync(Cancellation));
        Assert.NotNull(_pending.Read());

        // Somebody has mended it, and it stays up.
        (_backrest.Status, _clock.Meanwhile) = ("running", _ => { });
        Assert.Equal(Applied.Done, await Restart().ApplyAsync(Cancellation));
        Assert.Single(Restarts);
    }

    [Fact]
    public async Task A_Backrest_that_does_not_run_is_left_so()
    {
        _backrest.Status = "exited";
        _pending.Note();

        Assert.Equal(Applied.Done, await Restart().TryAsync(Cancellation));

        Assert.Empty(Restarts);
    }

    [Fact]
    public async Task It_is_found_by_its_service_if_only_one_container_has_that()
    {
        _daemon.Remove(_backrest);
        var first = _daemon.Add("nas-backrest-1", "nas", "backrest");
        _pending.Note();
        Assert.Equal(Applied.Done, await Restart().TryAsync(Cancellation));
        _daemon.Add("other-backrest-1", "other", "backrest");
        _pending.Note();

        Assert.Equal(Applied.Failed, await Restart().TryAsync(Cancellation));

        Assert.Equal([$"restart {first.Name} t=15"], Restarts);
        Assert.Contains(_log.Lines, line => line.Contains("there are 2 containers of a service 'backrest'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_note_that_is_damaged_is_a_note()
    {
        _folder.Write(".config.json.backup-sidecar-pending", "{");

        Assert.NotNull(_pending.Read());
    }

    private IReadOnlyList<string> Restarts => _daemon.Recorded("restart ");

    private BackrestRestart Restart() => new(
        new BackrestReader(new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, string>(), _ => FileReading.Missing).Read(),
        _engine, _pending, _clock, _log);
}
