using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Services;

/// <summary>
/// The program is killed at moments that a seed chooses. Whenever that is, the next run brings the services back and succeeds, what
/// counts as a backup in the local store is whole, and the history knows one end of each run.
/// </summary>
public sealed class KilledRunTests(CephServer s3) : IAsyncLifetime
{
    private const int Kills = 10;
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "backup-sidecar");

    private readonly StackOfSleepers _stack = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("killed-runs-");
    private Dictionary<string, string> _settings = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var data = _folder.CreateSubdirectory("data");
        await File.WriteAllBytesAsync(Path.Combine(data.FullName, "large"), RandomNumberGenerator.GetBytes(8 << 20), Cancellation);
        _settings = new Dictionary<string, string>
        {
            ["BACKUP_NAME"] = "killed",
            ["BACKUP_DIRS"] = data.FullName,
            ["BACKUP_STOP_SERVICES"] = "app",
            ["BACKUP_STOP_WAIT"] = "0",
            ["BACKUP_START_WAIT"] = "0",
            ["COMPOSE_PROJECT_NAME"] = _stack.Project,
            ["BACKUP_ENCRYPTION_KEY"] = "a passphrase of this test",
            ["BACKUP_LOCAL_PATH"] = Path.Combine(_folder.FullName, "local"),
            ["BACKUP_STATE_DIR"] = Path.Combine(_folder.FullName, "state"),
            ["BACKUP_STAGING_DIR"] = Path.Combine(_folder.FullName, "staging"),
            ["BACKUP_S3_BUCKET"] = await s3.NewBucketAsync(),
            ["BACKUP_S3_ENDPOINT"] = (await s3.HttpAsync()).AbsoluteUri,
            ["BACKUP_S3_ACCESS_KEY"] = "testkey",
            ["BACKUP_S3_SECRET_KEY"] = "testsecret",
            ["BACKUP_RETENTION_RECENT"] = "50",
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact(Timeout = 300_000)]
    public async Task Whenever_a_run_is_killed_the_next_one_puts_everything_right()
    {
        var app = await _stack.UpAsync("app");
        var random = new Random(20261120);
        for (var kill = 0; kill < Kills; kill++)
        {
            await KillOneAsync(random.Next(200, 2000));

            var (next, _) = await RunningProcess.RunAsync(Backup(), Cancellation);

            Assert.True(next.Succeeded, next.LastWords);
            Assert.True(await StackOfSleepers.IsRunningAsync(app));
        }
        await AssertBackupsAreWholeAsync();
        var ended = (await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "state", "history.jsonl"), Cancellation)).Select(RunIdOf).ToList();
        Assert.Equal(ended.Distinct(), ended);
        Assert.InRange(ended.Count, Kills + 1, 2 * Kills);
    }

    private async Task KillOneAsync(int milliseconds)
    {
        await using var killed = RunningProcess.Start(Backup());
        killed.StandardInput.Close();
        // The moment is what the test is about, and nothing announces it.
        await Task.Delay(milliseconds, Cancellation);
        killed.Kill();
    }

    /// <summary>Every local archive that is listed as complete has the bytes that its manifest vouches for.</summary>
    private async Task AssertBackupsAreWholeAsync()
    {
        var (_, output) = await RunningProcess.RunAsync(new Command(Program, "list", "--json") { Environment = _settings }, Cancellation);
        using var list = JsonDocument.Parse(output);
        var complete = list.RootElement.EnumerateArray().Where(backup => backup.GetProperty("state").GetString() == "complete").ToList();
        var archives = complete
            .Where(backup => backup.GetProperty("stores").EnumerateArray().Any(IsCompleteAndLocal))
            .Select(backup => Path.Combine(_folder.FullName, "local", "killed", backup.GetProperty("archive").GetString()!))
            .ToList();
        Assert.InRange(archives.Count, Kills, 2 * Kills);
        foreach (var archive in archives)
        {
            using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(archive + ".manifest.json", Cancellation));
            await using var bytes = File.OpenRead(archive);
            Assert.Equal(
                manifest.RootElement.GetProperty("stored").GetProperty("sha256").GetString(),
                Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, Cancellation)));
        }
    }

    private static bool IsCompleteAndLocal(JsonElement copy) =>
        copy.GetProperty("store").GetString() == "local" && copy.GetProperty("state").GetString() == "complete";

    private Command Backup() => new(Program, "backup") { Environment = _settings };

    private static Guid RunIdOf(string line)
    {
        using var report = JsonDocument.Parse(line);
        return report.RootElement.GetProperty("runId").GetGuid();
    }
}
