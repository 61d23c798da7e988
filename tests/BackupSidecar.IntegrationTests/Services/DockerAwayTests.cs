using System.Net;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Stores;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Services;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Services;

/// <summary>
/// A real engine behind a proxy on its socket, which goes away at any call and comes back, or allows one thing and not the other.
/// Whatever happens, services that ran before run afterwards, or it is said which do not.
/// </summary>
public sealed class DockerAwayTests : IAsyncLifetime
{
    private const string EngineSocket = "/var/run/docker.sock";

    /// <summary>More requests than the client tries again by itself.</summary>
    private const int Away = 8;

    private readonly StackOfSleepers _stack = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("docker-away-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string StateDirectory => _folder.CreateSubdirectory("state").FullName;

    private string SocketPath => Path.Combine(_folder.FullName, "docker.sock");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_engine_that_goes_away_at_any_call_and_comes_back_leaves_every_service_running()
    {
        string[] services = [await _stack.UpAsync("app"), await _stack.UpAsync("worker")];
        var calls = await GoAwayAtAsync(int.MaxValue, isBefore: true);
        var random = LongRun.Random();
        var moments = Enumerable.Range(1, calls).OrderBy(_ => random.Next()).Take(LongRun.Of(5, calls)).ToList();

        foreach (var moment in moments)
        {
            foreach (var isBefore in new[] { true, false })
            {
                await GoAwayAtAsync(moment, isBefore);

                foreach (var service in services)
                    Assert.True(await StackOfSleepers.IsRunningAsync(service), $"{service} stands still: the engine went away {(isBefore ? "before" : "after")} call {moment} of {calls}");
                Assert.Empty(Directory.GetFiles(StateDirectory));
            }
        }
        LongRun.Tell($"{moments.Count} of {calls} calls, before and after each");
    }

    /// <summary>The calls that were made until all was over.</summary>
    private async Task<int> GoAwayAtAsync(int call, bool isBefore)
    {
        var count = 0;
        await using var proxy = OnSocket(_ => Interlocked.Increment(ref count) switch
        {
            var number when number == call => isBefore ? new Fault.Reset() : new Fault.LoseAnswer(),
            // The client itself tries again three times, unheard.
            var number when number > call && number - call < 6 => new Fault.Reset(),
            _ => null,
        });
        try
        {
            await using var window = await PrepareAsync("app", "worker");
            await window.OpenAsync(Cancellation);
            Assert.Empty(await window.CloseAsync());
        }
        catch (ServiceException)
        {
            // That a service could not be stopped may be said; that it stands still afterwards may not be.
        }
        // A stop that was asked for may still come, and is left to the next start of the program.
        await StopWindow.ReconcileAsync(Settings(), StateDirectory, TimeProvider.System, NullLogger.Instance, Cancellation);
        return count;
    }

    [Theory(Timeout = 600_000)]
    [InlineData("/start", 0)]
    [InlineData("/stop", 1)]
    public async Task A_run_outlives_the_engine_and_says_what_became_of_it(string call, int exitCode)
    {
        var app = await _stack.UpAsync("app");
        var refused = 0;
        var isAway = false;
        await using var proxy = OnSocket(request =>
        {
            isAway |= IsOf(request, call) && !IsProbe(request);
            return isAway && ++refused <= Away ? new Fault.Reset() : null;
        });
        using var program = Program();

        var ended = await program.RunAsync("backup");

        Assert.True(ended.ExitCode == exitCode, ended.Everything);
        Assert.True(refused > Away, ended.Everything);
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
        Assert.Equal(exitCode == 0 ? 2 : 0, program.Stored.Count());
        Assert.Equal(exitCode == 0 ? 0 : 1, (await program.RunAsync("verify")).ExitCode);
    }

    [Theory(Timeout = 600_000)]
    [InlineData("/stop")]
    [InlineData("/start")]
    [InlineData("/")]
    public async Task A_proxy_that_forbids_to_stop_or_to_start_is_found_out_before_anything_is_stopped(string forbidden)
    {
        var app = await _stack.UpAsync("app");
        var before = await StackOfSleepers.StartedAtAsync(app);
        await using var proxy = OnSocket(request =>
            request.HttpMethod == "POST" && request.RawUrl.Contains(forbidden, StringComparison.Ordinal) ? new Fault.Answer(403, "<html>Forbidden</html>") : null);
        using var program = Program();
        program.Hook("pre-backup", "10-touch", $"touch {program.Path("touched")}");

        var ended = await program.RunAsync("backup");
        var check = await program.RunAsync("check");

        Assert.True(ended.ExitCode == 2, ended.Everything);
        Assert.Contains("ALLOW_START=1 and ALLOW_STOP=1", ended.Everything, StringComparison.Ordinal);
        Assert.Contains("ALLOW_START=1 and ALLOW_STOP=1", check.Everything, StringComparison.Ordinal);
        Assert.NotEqual(0, check.ExitCode);
        Assert.Equal(before, await StackOfSleepers.StartedAtAsync(app));
        Assert.False(File.Exists(program.Path("touched")));
        Assert.DoesNotContain(proxy.Requests, line => line.Contains(app, StringComparison.Ordinal) && line.Contains("/stop", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task Without_a_socket_nothing_is_touched()
    {
        using var program = Program();

        var ended = await program.RunAsync("backup");

        Assert.True(ended.ExitCode == 2, ended.Everything);
        Assert.Contains(SocketPath, ended.Everything, StringComparison.Ordinal);
        Assert.Empty(program.Stored);
    }

    /// <summary>As an update does it: the old container goes, and some time later there is another one, which does not run yet.</summary>
    [Fact(Timeout = 600_000)]
    public async Task A_service_that_is_recreated_at_any_moment_runs_or_is_named()
    {
        var random = LongRun.Random();
        var rounds = LongRun.Of(2, 50);
        var (running, named) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var app = await _stack.UpAsync("app");
            await using var window = await PrepareOnEngineAsync("app");
            await window.OpenAsync(Cancellation);

            await DockerCli.RunAsync("rm", "--force", app);
            var recreating = CreateAfterAsync(random.Next(1500));
            var problems = await window.CloseAsync();
            await recreating;

            var isRunning = await StackOfSleepers.IsRunningAsync(app);
            Assert.True(isRunning || problems.Any(problem => problem.Contains("app", StringComparison.Ordinal)), $"BACKUP_TEST_SEED={LongRun.Seed}, round {round}: it stands still, and nothing is said");
            _ = isRunning ? running++ : named++;
            await DockerCli.RunAsync("rm", "--force", app);
        }
        LongRun.Tell($"{rounds} times: {running} running, {named} named");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_service_whose_port_was_taken_meanwhile_is_named_the_others_run_and_the_next_run_starts_it()
    {
        var port = FreePort();
        var blocked = await _stack.MakeAsync(["run", "--detach", "--publish", $"127.0.0.1:{port}:80"], "blocked");
        var app = await _stack.UpAsync("app");
        await using var window = await PrepareOnEngineAsync("app", "blocked");
        await window.OpenAsync(Cancellation);
        using (var taker = new TcpListener(IPAddress.Loopback, port))
        {
            taker.Start();
            var problem = Assert.Single(await window.CloseAsync());
            Assert.Contains($"docker start {blocked}", problem, StringComparison.Ordinal);
            Assert.True(await StackOfSleepers.IsRunningAsync(app));
            Assert.False(await StackOfSleepers.IsRunningAsync(blocked));
        }

        await StopWindow.ReconcileAsync(new ServiceSettings(), StateDirectory, TimeProvider.System, NullLogger.Instance, Cancellation);

        Assert.True(await StackOfSleepers.IsRunningAsync(blocked));
    }

    private async Task CreateAfterAsync(int milliseconds)
    {
        // The moment is what the test is about, and nothing announces it.
        await Task.Delay(milliseconds, Cancellation);
        await _stack.MakeAsync(["create"], "app");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static bool IsOf(ProxiedRequest request, string call) => request.HttpMethod == "POST" && request.RawUrl.Contains(call, StringComparison.Ordinal);

    /// <summary>The question whether the proxy would allow it, which names no container of anybody's.</summary>
    private static bool IsProbe(ProxiedRequest request) => request.RawUrl.Contains("backup-sidecar-probe", StringComparison.Ordinal);

    private FaultProxy OnSocket(Func<ProxiedRequest, Fault?> decide)
    {
        File.Delete(SocketPath);
        return FaultProxy.OnSocket(SocketPath, EngineSocket, decide);
    }

    private BuiltProgram Program()
    {
        var program = new BuiltProgram();
        program.Settings["BACKUP_STOP_SERVICES"] = "app";
        program.Settings["BACKUP_STOP_WAIT"] = "0";
        program.Settings["BACKUP_START_WAIT"] = "0";
        program.Settings["COMPOSE_PROJECT_NAME"] = _stack.Project;
        program.Settings["DOCKER_HOST"] = $"unix://{SocketPath}";
        return program;
    }

    private ServiceSettings Settings(params string[] stop) => new()
    {
        Stop = stop,
        ComposeProject = _stack.Project,
        DockerHost = new Uri($"unix://{SocketPath}"),
        StopTimeout = TimeSpan.FromSeconds(5),
        StopWait = TimeSpan.Zero,
        StartWait = TimeSpan.Zero,
    };

    private Task<StopWindow> PrepareAsync(params string[] stop) => PrepareAsync(Settings(stop));

    private Task<StopWindow> PrepareOnEngineAsync(params string[] stop) => PrepareAsync(Settings(stop) with { DockerHost = new Uri($"unix://{EngineSocket}") });

    private Task<StopWindow> PrepareAsync(ServiceSettings settings) =>
        StopWindow.PrepareAsync(settings, StateDirectory, TimeProvider.System, NullLogger.Instance, Cancellation);
}
