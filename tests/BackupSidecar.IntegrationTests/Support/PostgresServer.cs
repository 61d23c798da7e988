using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>A PostgreSQL server in a container of its own, on a free port of this host, gone when disposed.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private const string Image = "test/pg";
    private const string Password = "integration test";
    private readonly string _container = $"sources-postgres-{Guid.NewGuid():N}";

    public int Port { get; private set; }

    internal string Container => _container;

    /// <summary>Its address in the container network.</summary>
    internal Task<string> AddressAsync() => DockerAsync("container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", _container);

    public async ValueTask InitializeAsync()
    {
        await DockerAsync("run", "--detach", "--name", _container, "--env", "POSTGRES_PASSWORD=" + Password, "--publish", "127.0.0.1::5432", Image);
        Port = await PortAsync();

        var ready = new TaskCompletionSource();
        await using var logs = RunningProcess.Start(new Command("docker", "logs", "--follow", _container), line =>
        {
            if (line.Contains("database system is ready to accept connections", StringComparison.Ordinal))
                ready.TrySetResult();
        });
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>The URI of one of its databases; its superuser unless another user is named.</summary>
    internal Secret Uri(string database, string user = "postgres", string password = Password) =>
        new($"postgresql://{user}:{System.Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{database}");

    /// <summary>The same by its address in the container network, where its tools may run in its container as well.</summary>
    internal async Task<Secret> ContainerUriAsync(string database, string user = "postgres", string? password = null) =>
        new($"postgresql://{user}:{System.Uri.EscapeDataString(password ?? Password)}@{await AddressAsync()}/{System.Uri.EscapeDataString(database)}");

    /// <summary>Runs statements, and returns the rows as psql prints them unaligned.</summary>
    internal async Task<string> QueryAsync(string database, string statements)
    {
        await using var psql = RunningProcess.Start(
            new Command("psql", "-XAtq", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", $"--port={Port}", "--username=postgres", "--dbname=" + database)
            {
                Environment = new Dictionary<string, string> { ["PGPASSWORD"] = Password },
            });
        await using (var input = new StreamWriter(psql.StandardInput))
            await input.WriteAsync(statements);
        using var reader = new StreamReader(psql.StandardOutput);
        var output = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        await psql.WaitForSuccessAsync(TestContext.Current.CancellationToken);
        return output.Trim();
    }

    /// <summary>Makes an empty database under a name that nobody uses.</summary>
    internal async Task<string> CreateDatabaseAsync()
    {
        var name = $"db_{Guid.NewGuid():N}";
        await QueryAsync("postgres", $"CREATE DATABASE {name};");
        return name;
    }

    internal Task KillAsync() => DockerAsync("kill", _container);

    /// <summary>After it was killed.</summary>
    internal async Task StartAgainAsync()
    {
        // One that is still dying would count as started.
        await DockerAsync("wait", _container);
        await DockerAsync("start", _container);
        Port = await PortAsync();
        while ((await RunningProcess.RunAsync(new Command("docker", "exec", _container, "pg_isready", "-q", "-h", "127.0.0.1"), TestContext.Current.CancellationToken)).Result.ExitCode != 0)
            await Task.Delay(100, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await DockerAsync("rm", "--force", "--volumes", _container);

    private async Task<int> PortAsync() => int.Parse((await DockerAsync("port", _container, "5432/tcp")).Split('\n')[0].Split(':')[^1]);

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        var (result, output) = await RunningProcess.RunAsync(new Command("docker", arguments), CancellationToken.None);
        return result.Succeeded ? output.Trim() : throw new InvalidOperationException(result.LastWords);
    }
}
