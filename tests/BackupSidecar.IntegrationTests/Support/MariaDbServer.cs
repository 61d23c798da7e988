using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.MySql;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>A MariaDB server in a container of its own, gone when disposed.</summary>
public sealed class MariaDbServer : IAsyncLifetime
{
    public const string Password = "it's a \"test\"";
    private readonly string _container = $"mysql-test-{Guid.NewGuid():N}";
    private readonly ToolPlaces _places = new(DumpVia.Auto, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);

    internal string Container => _container;

    internal string Address { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await DockerAsync("run", "--detach", "--name", _container, "--env", "MARIADB_ROOT_PASSWORD=" + Password.Replace("'", "''", StringComparison.Ordinal), "test/maria");
        await UntilReadyAsync();
    }

    internal Task KillAsync() => DockerAsync("kill", _container);

    internal async Task RestartAsync()
    {
        // A kill returns before the container has ended, and to start one that runs does nothing.
        await DockerAsync("wait", _container);
        await DockerAsync("start", _container);
        await UntilReadyAsync();
    }

    /// <summary>The URI of one of its databases, or of all; its superuser unless another user is named.</summary>
    internal Secret Uri(string database, string user = "root", string password = Password, string parameters = "") =>
        new($"mysql://{user}:{System.Uri.EscapeDataString(password)}@{Address}/{System.Uri.EscapeDataString(database)}{parameters}");

    internal MysqlServer Engine(string database, DumpVia via = DumpVia.Exec, string user = "root", string password = Password, TimeSpan? patience = null) =>
        new(Uri(database, user, password), new DatabaseOptions { Via = via }, _places, patience);

    internal MysqlServer Engine(string database, DatabaseOptions options) => new(Uri(database), options, _places);

    internal MysqlServer EngineOf(string uri) => new(new Secret(uri), new DatabaseOptions(), _places);

    /// <summary>Runs statements as its superuser, and returns the rows as the client prints them.</summary>
    internal async Task<string> QueryAsync(string statements, string database = "")
    {
        await using var client = RunningProcess.Start(
            new Command("mariadb", "--no-defaults", "--protocol=tcp", "--host=" + Address, "--user=root", "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "--database=" + database)
            {
                Environment = new Dictionary<string, string> { ["MYSQL_PWD"] = Password },
            });
        try
        {
            await using var input = new StreamWriter(client.StandardInput);
            await input.WriteAsync(statements);
        }
        catch (IOException)
        {
            // It ended early, and says why.
        }
        using var reader = new StreamReader(client.StandardOutput);
        var output = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        await client.WaitForSuccessAsync(TestContext.Current.CancellationToken);
        return output.Trim();
    }

    /// <summary>Makes an empty database under a name that nobody uses.</summary>
    internal async Task<string> CreateDatabaseAsync()
    {
        var name = $"db_{Guid.NewGuid():N}";
        await QueryAsync($"CREATE DATABASE {name} CHARACTER SET utf8mb4;");
        return name;
    }

    /// <summary>Whether a session does what is asked, so that a lock is held when it says so.</summary>
    internal async Task UntilAsync(string query, string answer)
    {
        while (await QueryAsync(query) != answer)
            await Task.Delay(100, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _places.Dispose();
        await DockerAsync("rm", "--force", "--volumes", _container);
    }

    private async Task UntilReadyAsync()
    {
        Address = await DockerAsync("container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", _container);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                await QueryAsync("SELECT 1;");
                return;
            }
            catch (ProcessFailedException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(200, CancellationToken.None);
            }
            catch (ProcessFailedException error)
            {
                throw new InvalidOperationException($"{error.Message}\n{await DockerAsync("logs", "--tail", "20", _container)}", error);
            }
        }
    }

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        var (result, output) = await RunningProcess.RunAsync(new Command("docker", arguments), CancellationToken.None);
        return result.Succeeded ? (output + (arguments[0] == "logs" ? result.LastWords : "")).Trim() : throw new InvalidOperationException(result.LastWords);
    }
}
