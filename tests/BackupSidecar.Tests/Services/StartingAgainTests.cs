using BackupSidecar.Services;

namespace BackupSidecar.Tests.Services;

public sealed class StartingAgainTests : StopWindowFixture
{
    [Fact]
    public async Task A_start_that_fails_is_tried_again_after_the_others()
    {
        Daemon.Add("app");
        var db = Daemon.Add("db");
        await using var window = await PrepareAsync("app", "db");
        await window.OpenAsync(Cancellation);
        db.FailingStarts = 3;

        var problems = await window.CloseAsync();

        Assert.Empty(problems);
        Assert.Equal(["start db", "start app", "start db", "start db", "start db"], Daemon.Changes.Skip(2));
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task A_service_that_cannot_be_started_is_named_and_stays_in_the_journal_for_the_next_time()
    {
        var app = Daemon.Add("shop-app-1", "shop", "app");
        Daemon.Add("db");
        await using var window = await PrepareAsync("app", "db");
        await window.OpenAsync(Cancellation);
        app.FailingStarts = 4;

        var problem = Assert.Single(await window.CloseAsync());

        Assert.Contains("Service 'app' (container shop-app-1) could not be started again", problem, StringComparison.Ordinal);
        Assert.Contains("port is already allocated", problem, StringComparison.Ordinal);
        Assert.EndsWith("By hand: docker start shop-app-1", problem, StringComparison.Ordinal);
        Assert.Equal(["app"], Journal.Read().Select(service => service.Name));
        Assert.Equal(["app"], await ReconcileAsync());
        Assert.True(app.IsRunning);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task A_new_window_keeps_what_an_earlier_one_could_not_start()
    {
        var app = Daemon.Add("app");
        Daemon.Add("db");
        app.Status = "exited";
        Journal.Add([Entry("app", app.Id)]);
        await using var window = await PrepareAsync("app", "db");

        await window.OpenAsync(Cancellation);
        Assert.Equal(["app", "db"], Journal.Read().Select(service => service.Name));
        await window.CloseAsync();

        Assert.Equal(["app"], Journal.Read().Select(service => service.Name));
        Assert.False(app.IsRunning);
    }

    [Theory]
    [InlineData("running")]
    [InlineData("created")]
    public async Task A_service_that_was_recreated_meanwhile_runs_at_the_end(string status)
    {
        Daemon.Add("shop-app-2", "shop", "app", 2).Status = "exited";
        var old = Daemon.Add("shop-app-1", "shop", "app", 1);
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        Daemon.Remove(old);
        var oneOff = Daemon.Add("shop-app-run-1", "shop", "app", 1);
        oneOff.Labels["com.docker.compose.oneoff"] = "True";
        oneOff.Status = "exited";
        var successor = Daemon.Add("shop-app-1", "shop", "app", 1);
        successor.Status = status;

        var problems = await window.CloseAsync();

        Assert.Empty(problems);
        Assert.True(successor.IsRunning);
        Assert.False(oneOff.IsRunning);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task A_container_without_a_project_is_found_again_by_its_name()
    {
        var old = Daemon.Add("app");
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        Daemon.Remove(old);
        var successor = Daemon.Add("app");
        successor.Status = "created";

        Assert.Empty(await window.CloseAsync());

        Assert.True(successor.IsRunning);
    }

    [Fact]
    public async Task A_service_that_is_gone_is_named_once_and_forgotten()
    {
        var app = Daemon.Add("shop-app-1", "shop", "app");
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        Daemon.Remove(app);

        var problem = Assert.Single(await window.CloseAsync());

        Assert.Contains("its container is gone", problem, StringComparison.Ordinal);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task An_engine_that_restarts_is_waited_for()
    {
        var app = Daemon.Add("app");
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        await Daemon.GoDownAsync();

        Clock.Meanwhile = skipped =>
        {
            if (skipped == 8)
                Daemon.Start();
        };

        Assert.Empty(await window.CloseAsync());
        Assert.True(app.IsRunning);
    }

    [Fact]
    public async Task An_engine_that_stays_away_is_given_up_after_a_minute()
    {
        Daemon.Add("app");
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        await Daemon.GoDownAsync();

        var problem = Assert.Single(await window.CloseAsync());

        Assert.Contains("There is no socket", problem, StringComparison.Ordinal);
        Assert.InRange(window.Duration ?? TimeSpan.Zero, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(70));
        Assert.Equal(["app"], Journal.Read().Select(service => service.Name));
    }

    [Fact]
    public async Task A_killed_run_is_made_good_at_the_next_start_in_reverse_order()
    {
        List<string> names = ["a", "b", "c"];
        var containers = names.ConvertAll(name => Daemon.Add(name));
        var killed = await PrepareAsync([.. names]);
        await killed.OpenAsync(Cancellation);
        containers[1].Status = "running";

        var started = await ReconcileAsync();

        Assert.Equal(["c", "a"], started);
        Assert.Equal(["start c", "start b", "start a"], Daemon.Changes.Skip(3));
        Assert.False(File.Exists(JournalPath));
        Assert.Empty(await ReconcileAsync());
    }

    [Fact]
    public async Task Without_an_engine_the_journal_is_left_and_it_is_said()
    {
        Journal.Add([Entry("app", "0123456789ab")]);
        await Daemon.GoDownAsync();

        Assert.Empty(await ReconcileAsync());

        Assert.True(File.Exists(JournalPath));
        Assert.Contains(Log.Lines, line => line.StartsWith("Error: Service 'app'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unusable_engine_address_leaves_the_journal_and_it_is_said()
    {
        Journal.Add([Entry("app", "0123456789ab")]);

        await StopWindow.ReconcileAsync(Settings() with { DockerHost = new Uri("ssh://host") }, StateDirectory, Clock, Log, Cancellation);

        Assert.True(File.Exists(JournalPath));
        Assert.Contains(Log.Lines, line => line.Contains("DOCKER_HOST ssh://host", StringComparison.Ordinal));
    }

    private StoppedService Entry(string name, string id) =>
        new() { Name = name, ContainerId = id, ContainerName = name, StoppedAt = Clock.GetUtcNow() };
}
