using System.Diagnostics;

namespace BackupSidecar.IntegrationTests.Restore;

/// <summary>A PostgreSQL server in a container of its own, removed at the end of the tests that use it.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _container = $"backup-sidecar-test-restore-{Guid.NewGuid():N}";

    /// <summary>The address of the server, without a database.</summary>
    public string Uri { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await RunAsync("docker", "run", "--detach", "--name", _container, "--env", "POSTGRES_PASSWORD=secret", "--env", "POSTGRES_DB=shop", "test/pg");
        var address = await RunAsync("docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", _container);
        Uri = $"postgresql://postgres:secret@{address.Trim()}:5432/";
        await WaitUntilItAnswersAsync();
    }

    /// <summary>Runs a statement and returns its answer, unaligned.</summary>
    public Task<string> QueryAsync(string database, string sql) =>
        RunAsync("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", sql, Uri + database);

    public async ValueTask DisposeAsync() => await RunAsync("docker", "rm", "--force", "--volumes", _container);

    private async Task WaitUntilItAnswersAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            try
            {
                await QueryAsync("shop", "select 1");
                return;
            }
            catch (InvalidOperationException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(200, limit.Token);
            }
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {await errors}");
    }
}
