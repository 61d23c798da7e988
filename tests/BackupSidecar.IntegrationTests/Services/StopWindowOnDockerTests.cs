using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Services;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Services;

/// <summary>The stop window against a real engine.</summary>
public sealed class StopWindowOnDockerTests : IAsyncLifetime
{
    private readonly StackOfSleepers _stack = new();
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("services-state-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Services_stand_still_while_the_window_is_open_and_run_after_it()
    {
        var app = await _stack.UpAsync("app");
        var worker = await _stack.UpAsync("worker");
        await using var window = await PrepareAsync("app", worker);

        await window.OpenAsync(Cancellation);
        Assert.False(await StackOfSleepers.IsRunningAsync(app));
        Assert.False(await StackOfSleepers.IsRunningAsync(worker));
        var problems = await window.CloseAsync();

        Assert.Empty(problems);
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
        Assert.True(await StackOfSleepers.IsRunningAsync(worker));
        Assert.True(string.CompareOrdinal(await StackOfSleepers.StartedAtAsync(worker), await StackOfSleepers.StartedAtAsync(app)) < 0);
        Assert.Empty(_state.GetFiles());
    }

    [Fact]
    public async Task A_stopped_service_stays_stopped()
    {
        var app = await _stack.UpAsync("app");
        await DockerCli.RunAsync("stop", app);
        await using var window = await PrepareAsync("app");

        await window.OpenAsync(Cancellation);
        await window.CloseAsync();

        Assert.False(await StackOfSleepers.IsRunningAsync(app));
        Assert.Empty(window.Stopped);
    }

    [Fact]
    public async Task A_service_that_is_recreated_while_it_stands_still_runs_at_the_end()
    {
        var app = await _stack.UpAsync("app");
        await using var window = await PrepareAsync("app");
        await window.OpenAsync(Cancellation);
        await DockerCli.RunAsync("rm", app);
        await _stack.UpAsync("app");
        await DockerCli.RunAsync("stop", app);

        var problems = await window.CloseAsync();

        Assert.Empty(problems);
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
    }

    [Fact]
    public async Task A_service_that_does_not_listen_is_killed_after_its_time()
    {
        var deaf = await _stack.UpAsync("deaf", "bash", "-c", "trap '' TERM; while true; do sleep 1; done");
        await using var window = await PrepareAsync("deaf");

        await window.OpenAsync(Cancellation);

        Assert.Equal("137", await DockerCli.RunAsync("inspect", "--format", "{{.State.ExitCode}}", deaf));
    }

    [Fact]
    public async Task A_killed_program_starts_the_services_when_it_comes_back()
    {
        var app = await _stack.UpAsync("app");
        var resting = await _stack.UpAsync("resting");
        await DockerCli.RunAsync("stop", resting);
        // Neither closed nor disposed: this is all that a killed program does.
        var killed = await PrepareAsync("app", "resting");
        await killed.OpenAsync(Cancellation);

        var started = await StopWindow.ReconcileAsync(Settings(), _state.FullName, TimeProvider.System, NullLogger.Instance, Cancellation);

        Assert.Equal(["app"], started.Started.Select(service => service.Name));
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
        Assert.False(await StackOfSleepers.IsRunningAsync(resting));
        Assert.Empty(_state.GetFiles());
    }

    [Fact]
    public async Task A_signal_while_a_service_is_slow_to_stop_starts_the_others_before_that_one()
    {
        var app = await _stack.UpAsync("app");
        var slow = await _stack.UpAsync("slow", "bash", "-c", "trap 'touch /asked' TERM; while true; do sleep 0.1; done");
        await using var window = await PrepareAsync("app", "slow");
        using var signal = new CancellationTokenSource();
        var opening = window.OpenAsync(signal.Token);
        await DockerCli.RunAsync("exec", slow, "bash", "-c", "until [ -e /asked ]; do sleep 0.05; done");

        await signal.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);

        Assert.True(await StackOfSleepers.IsRunningAsync(app));
        Assert.True(await StackOfSleepers.IsRunningAsync(slow));
        Assert.True(string.CompareOrdinal(await StackOfSleepers.StartedAtAsync(app), await StackOfSleepers.StartedAtAsync(slow)) < 0);
    }

    [Fact]
    public async Task A_paused_service_is_refused_before_anything_is_stopped()
    {
        var app = await _stack.UpAsync("app");
        var paused = await _stack.UpAsync("paused");
        await DockerCli.RunAsync("pause", paused);

        var error = await Assert.ThrowsAsync<ServiceException>(() => PrepareAsync("app", "paused", "nowhere"));
        await DockerCli.RunAsync("unpause", paused);

        Assert.Contains($"'paused' (container {paused}) is paused", error.Message, StringComparison.Ordinal);
        Assert.Contains("has the services app, paused", error.Message, StringComparison.Ordinal);
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
    }

    [Fact]
    public async Task The_engine_itself_says_what_is_wrong_with_a_start()
    {
        using var engine = new DockerEngine(new ServiceSettings().DockerHost, TimeProvider.System);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.StartAsync("services-test-no-such-container", Cancellation));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, error.Status);
        Assert.Contains("No such container", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_in_a_container_finds_out_which_one_it_is()
    {
        var app = await _stack.UpAsync("app");

        var mountInfo = await DockerCli.RunAsync("exec", app, "cat", "/proc/self/mountinfo");

        Assert.Equal(await DockerCli.RunAsync("inspect", "--format", "{{.Id}}", app), OwnContainer.FromMountInfo(mountInfo));
    }

    private ServiceSettings Settings(params string[] stop) => new()
    {
        Stop = stop,
        ComposeProject = _stack.Project,
        StopTimeout = TimeSpan.FromSeconds(2),
        StopWait = TimeSpan.Zero,
        StartWait = TimeSpan.Zero,
    };

    private Task<StopWindow> PrepareAsync(params string[] stop) =>
        StopWindow.PrepareAsync(Settings(stop), _state.FullName, TimeProvider.System, NullLogger.Instance, Cancellation);
}
