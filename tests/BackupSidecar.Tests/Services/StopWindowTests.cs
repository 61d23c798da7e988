using BackupSidecar.Services;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Services;

public sealed class StopWindowTests : StopWindowFixture
{
    [Fact]
    public async Task Services_are_stopped_in_order_and_started_in_reverse()
    {
        Daemon.Add("shop-worker-1", "shop", "worker");
        Daemon.Add("shop-app-1", "shop", "app");
        await using var window = await PrepareAsync("app", "worker");

        await window.OpenAsync(Cancellation);
        Assert.Equal(["stop shop-app-1", "stop shop-worker-1"], Daemon.Changes);
        Assert.Null(window.Duration);
        var problems = await window.CloseAsync();

        Assert.Equal(["stop shop-app-1", "stop shop-worker-1", "start shop-worker-1", "start shop-app-1"], Daemon.Changes);
        Assert.Empty(problems);
        Assert.Equal(["app", "worker"], window.Stopped);
        Assert.Equal(["Information: Stopping services: app, worker", "Information: Starting services: worker, app"], Log.Lines);
    }

    [Fact]
    public async Task It_waits_after_the_last_stop_and_after_the_last_start()
    {
        Daemon.Add("app");
        await using var window = await PrepareAsync("app");

        await window.OpenAsync(Cancellation);
        await window.CloseAsync();

        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)], Clock.Skipped);
        Assert.Equal(TimeSpan.FromSeconds(2), window.Duration);
    }

    [Fact]
    public async Task A_scaled_service_is_stopped_and_started_as_a_whole()
    {
        Daemon.Add("shop-app-10", "shop", "app", 10);
        Daemon.Add("shop-app-2", "shop", "app", 2);
        await using var window = await PrepareAsync("app");

        await window.OpenAsync(Cancellation);
        await window.CloseAsync();

        Assert.Equal(["stop shop-app-2", "stop shop-app-10", "start shop-app-10", "start shop-app-2"], Daemon.Changes);
        Assert.Equal(["app"], window.Stopped);
    }

    [Fact]
    public async Task A_service_that_had_to_be_killed_is_told_of()
    {
        Daemon.Add("deaf").ExitCode = 137;
        Daemon.Add("app");
        await using var window = await PrepareAsync("deaf", "app");

        await window.OpenAsync(Cancellation);

        Assert.Contains("'deaf'", Assert.Single(Log.Lines, line => line.Contains("was killed", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_still_beforehand_stays_so()
    {
        Daemon.Add("shop-app-1", "shop", "app");
        Daemon.Add("shop-old-1", "shop", "old").Status = "exited";
        await using var window = await PrepareAsync("old", "app");

        await window.OpenAsync(Cancellation);
        Assert.DoesNotContain(Journal.Read(), service => service.Name == "old");
        await window.CloseAsync();

        Assert.Equal(["stop shop-app-1", "start shop-app-1"], Daemon.Changes);
        Assert.Equal(["app"], window.Stopped);
        Assert.Contains("Information: Not running, and left so: shop-old-1", Log.Lines);
    }

    [Fact]
    public async Task Where_nothing_runs_nothing_is_waited_for()
    {
        Daemon.Add("app").Status = "exited";
        await using var window = await PrepareAsync("app");

        await window.OpenAsync(Cancellation);
        await window.CloseAsync();

        Assert.Empty(Clock.Skipped);
        Assert.Null(window.Duration);
        Assert.Empty(Daemon.Changes);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task Without_services_no_engine_is_needed()
    {
        var settings = Settings() with { DockerHost = new Uri("ssh://nowhere") };

        await using var window = await StopWindow.PrepareAsync(settings, "/dev/null/nowhere", Clock, Log, Cancellation);
        await window.OpenAsync(Cancellation);

        Assert.Empty(await window.CloseAsync());
        Assert.Empty((await StopWindow.ReconcileAsync(settings, "/dev/null/nowhere", Clock, Log, Cancellation)).Started);
    }

    [Fact]
    public async Task The_journal_is_written_before_the_first_stop_and_gone_after_the_last_start()
    {
        var app = Daemon.Add("shop-app-1", "shop", "app");
        Daemon.Add("shop-worker-1", "shop", "worker");
        var seen = new List<IReadOnlyList<StoppedService>?>();
        Daemon.OnStop = _ => seen.Add(StopJournal.Parse(File.ReadAllBytes(JournalPath)));
        await using var window = await PrepareAsync("app", "worker");

        await window.OpenAsync(Cancellation);
        await window.CloseAsync();

        Assert.Equal(["app", "worker"], seen[0]?.Select(service => service.Name));
        var entry = seen[0]?[0];
        Assert.Equal(("shop", "app", "1", app.Id, "shop-app-1"), (entry?.Project, entry?.Service, entry?.Number, entry?.ContainerId, entry?.ContainerName));
        Assert.Equal(seen[0], seen[1]);
        Assert.Empty(Directory.GetFileSystemEntries(StateDirectory));
    }

    [Fact]
    public async Task A_state_directory_that_cannot_be_written_means_that_nothing_is_stopped()
    {
        Daemon.Add("app");
        var file = Path.Combine(StateDirectory, "file");
        await File.WriteAllTextAsync(file, "", Cancellation);

        var error = await Assert.ThrowsAsync<ServiceException>(
            () => StopWindow.PrepareAsync(Settings("app"), Path.Combine(file, "state"), Clock, Log, Cancellation));

        Assert.Contains("BACKUP_STATE_DIR", error.Message, StringComparison.Ordinal);
        Assert.Empty(Daemon.Changes);
    }

    [Fact]
    public async Task A_journal_that_fails_after_all_means_that_nothing_is_stopped()
    {
        Daemon.Add("app");
        await using var window = await PrepareAsync("app");
        Directory.CreateDirectory(Path.Combine(JournalPath, "in the way"));

        await Assert.ThrowsAsync<ServiceException>(() => window.OpenAsync(Cancellation));

        Assert.Empty(Daemon.Changes);
    }

    [Fact]
    public async Task A_service_that_cannot_be_stopped_brings_the_others_back()
    {
        Daemon.Add("a");
        Daemon.Add("b");
        Daemon.Add("c").FailingStops = 1;
        Daemon.Add("d");
        await using var window = await PrepareAsync("a", "b", "c", "d");

        var error = await Assert.ThrowsAsync<ServiceException>(() => window.OpenAsync(Cancellation));

        Assert.Equal(["stop a", "stop b", "stop c", "start c", "start b", "start a"], Daemon.Changes);
        Assert.Contains("Service 'c' (container c) could not be stopped.", error.Message, StringComparison.Ordinal);
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task A_service_that_still_runs_after_its_stop_is_not_read()
    {
        Daemon.Add("a");
        Daemon.Add("b").IgnoresStop = true;
        await using var window = await PrepareAsync("a", "b");

        var error = await Assert.ThrowsAsync<ServiceException>(() => window.OpenAsync(Cancellation));

        Assert.Contains("Service 'b' (container b) still runs", error.Message, StringComparison.Ordinal);
        Assert.Contains("start a", Daemon.Changes);
        // The engine may stop it yet.
        Assert.Equal(["b"], Journal.Read().Select(service => service.Name));
    }

    [Fact]
    public async Task A_stop_that_is_never_answered_ends_and_stays_in_the_journal()
    {
        Daemon.Add("a");
        Daemon.Add("b").StopHeld = new TaskCompletionSource();
        await using var window = await PrepareAsync("a", "b");
        var opening = window.OpenAsync(Cancellation);
        await Daemon.Saw("stop b");

        Clock.RunOut();

        var error = await Assert.ThrowsAsync<ServiceException>(() => opening);
        Assert.Contains("No answer came within 40 seconds", error.Message, StringComparison.Ordinal);
        Assert.Contains("start a", Daemon.Changes);
        Assert.Equal(["b"], Journal.Read().Select(service => service.Name));
    }

    [Fact]
    public async Task Closing_twice_starts_once()
    {
        Daemon.Add("app").FailingStarts = 99;
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);

        var first = await window.CloseAsync();
        var calls = Daemon.Changes.Count;
        var second = await window.CloseAsync();

        Assert.Equal(calls, Daemon.Changes.Count);
        Assert.Same(first, second);
    }

    [Fact]
    public async Task Disposing_closes()
    {
        var app = Daemon.Add("app");
        await using (var window = await PrepareAsync("app"))
            await window.OpenAsync(Cancellation);

        Assert.True(app.IsRunning);
    }

    [Fact]
    public async Task Nothing_is_stopped_once_it_is_closed()
    {
        Daemon.Add("app");
        await using var window = await PrepareAsync("app");
        await window.CloseAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => window.OpenAsync(Cancellation));

        Assert.Empty(Daemon.Changes);
        Assert.False(File.Exists(JournalPath));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_signal_in_the_middle_of_stopping_starts_the_others_at_once(bool byToken)
    {
        Daemon.Add("a");
        Daemon.Add("b");
        var slow = Daemon.Add("c");
        Daemon.Add("d");
        slow.StopHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var signal = new CancellationTokenSource();
        await using var window = await PrepareAsync("a", "b", "c", "d");
        var opening = window.OpenAsync(signal.Token);
        await Daemon.Saw("stop c");

        if (byToken)
            await signal.CancelAsync();
        var closing = byToken ? opening : window.CloseAsync();
        await Daemon.Saw("start a");
        var beforeTheStopEnded = Daemon.Changes;
        slow.StopHeld.SetResult();
        if (!byToken)
            await closing;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        Assert.Equal(["stop a", "stop b", "stop c", "start b", "start a"], beforeTheStopEnded);
        Assert.Equal(["stop a", "stop b", "stop c", "start b", "start a", "start c"], Daemon.Changes);
        Assert.True(slow.IsRunning);
        Assert.False(File.Exists(JournalPath));
    }

    [Fact]
    public async Task A_signal_at_any_moment_leaves_everything_running()
    {
        for (var round = 0; round < 40; round++)
        {
            await using var daemon = new FakeDockerDaemon();
            List<FakeContainer> all = [daemon.Add("a"), daemon.Add("b"), daemon.Add("c")];
            using var signal = new CancellationTokenSource();
            daemon.OnStop = container =>
            {
                if (container.Name == all[round % 3].Name)
                    _ = signal.CancelAsync();
            };
            await using var window = await StopWindow.PrepareAsync(
                Settings("a", "b", "c") with { DockerHost = daemon.Host }, StateDirectory, Clock, Log, Cancellation);
            await using var early = signal.Token.Register(() => _ = window.CloseAsync());

            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await window.OpenAsync(signal.Token);
                signal.Token.ThrowIfCancellationRequested();
            });
            Assert.Empty(await window.CloseAsync());

            Assert.All(all, container => Assert.True(container.IsRunning));
            Assert.False(File.Exists(JournalPath));
        }
    }
}
