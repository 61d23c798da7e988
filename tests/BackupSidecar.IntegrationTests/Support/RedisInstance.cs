using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Redis;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>A Redis server in a container of its own, gone with its volumes when disposed.</summary>
internal sealed class RedisInstance : IAsyncDisposable
{
    private readonly string _private = Directory.CreateTempSubdirectory("backup-sidecar-redis-").FullName;
    private readonly List<ToolPlaces> _places = [];

    public string Container { get; } = $"redis-{Guid.NewGuid():N}";

    /// <summary>What is left of it here: empty when nothing is at work.</summary>
    public IEnumerable<string> LeftHere => Directory.EnumerateFileSystemEntries(_private);

    public static async Task<RedisInstance> RunAsync(IReadOnlyList<string> dockerOptions, params string[] serverOptions)
    {
        var instance = new RedisInstance();
        await DockerCli.RunAsync(
        [
            "run", "--detach", "--name", instance.Container, .. dockerOptions, "test/redis",
            "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data", "--enable-debug-command", "yes",
            "--repl-diskless-sync-delay", "0", .. serverOptions,
        ]);
        await instance.UntilReadyAsync();
        return instance;
    }

    public static Task<RedisInstance> StartAsync(params string[] serverOptions) => RunAsync([], serverOptions);

    public async Task UntilReadyAsync()
    {
        while (await AskAsync("PING") is var answer && answer != "PONG" && !answer.StartsWith("NOAUTH", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("is not running", answer);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    public Task<string> AddressAsync() => DockerCli.RunAsync("container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", Container);

    /// <summary>The engine for this server; <paramref name="credentials"/> as they stand in a URI, with the '@'.</summary>
    public async Task<RedisServer> EngineAsync(string via = "exec", string credentials = "")
    {
        var places = new ToolPlaces(Enum.Parse<DumpVia>(via, ignoreCase: true), new ServiceSettings(), TimeProvider.System, NullLogger.Instance);
        _places.Add(places);
        return new RedisServer(new Secret($"redis://{credentials}{await AddressAsync()}"), new DatabaseOptions(), places, _private, _ => () => { }, NullLogger.Instance);
    }

    /// <summary>The reply to one command, or what redis-cli said instead.</summary>
    public async Task<string> AskAsync(params string[] command)
    {
        var (result, output) = await RunningProcess.RunAsync(
            new Command("docker", ["exec", Container, "redis-cli", .. command]), TestContext.Current.CancellationToken);
        return result.Succeeded ? output.Trim() : result.LastWords;
    }

    public Task ShellAsync(string script) => DockerCli.RunAsync("exec", Container, "sh", "-c", script);

    /// <summary>Moves money between accounts in db7 without an end, each transfer a transaction.</summary>
    public async Task StartLoadAsync()
    {
        await AskAsync("-n", "7", "MSET", "account:0", "1000", "account:1", "1000", "account:2", "1000");
        await DockerCli.RunAsync("exec", "--detach", Container, "sh", "-c",
            """
            touch /tmp/load; i=0
            while [ -f /tmp/load ]; do
              i=$((i + 1))
              printf 'MULTI\nDECRBY account:%d %d\nINCRBY account:%d %d\nSET load:%d x\nEXEC\n' $((i % 3)) $((i % 17)) $((i / 3 % 3)) $((i % 17)) $((i % 1000))
            done | redis-cli -n 7 > /dev/null
            """);
        while (await AskAsync("-n", "7", "EXISTS", "load:100") != "1")
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    public Task StopLoadAsync() => ShellAsync("rm -f /tmp/load");

    public async Task<long> SumOfAccountsAsync()
    {
        var amounts = await AskAsync("-n", "7", "MGET", "account:0", "account:1", "account:2");
        return amounts.Split('\n').Sum(amount => long.Parse(amount, CultureInfo.InvariantCulture));
    }

    /// <summary>A digest of all keys, values and times to live but those of db7, which go; and what it leaves out: readers of streams, functions.</summary>
    public async Task<string> DigestAsync()
    {
        await AskAsync("-n", "7", "FLUSHDB");
        return string.Join('\n', await AskAsync("DEBUG", "DIGEST"), await AskAsync("XINFO", "STREAM", "stream", "FULL"), await AskAsync("FUNCTION", "LIST", "WITHCODE"));
    }

    public Task KillAsync() => DockerCli.RunAsync("kill", Container);

    /// <summary>Starts it after a kill, once the engine knows that it has ended.</summary>
    public async Task StartAgainAsync()
    {
        await DockerCli.RunAsync("wait", Container);
        await DockerCli.RunAsync("start", Container);
        await UntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var places in _places)
            places.Dispose();
        Directory.Delete(_private, recursive: true);
        await DockerCli.RunAsync("rm", "--force", "--volumes", Container);
    }
}
