using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.IntegrationTests.Stores;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Services;

/// <summary>However slow a store is, services stand still no longer for it.</summary>
public sealed class SlowStoreTests(CephServer s3) : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "backup-sidecar");

    private readonly StackOfSleepers _stack = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("slow-store-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Services_run_again_while_not_one_byte_of_the_archive_has_reached_the_store()
    {
        var line = new TaskCompletionSource();
        await using var proxy = new FaultProxy(await s3.HttpAsync(), request => IsPart(request.RawUrl!) ? new Fault.Hold(line.Task) : null);
        var app = await _stack.UpAsync("app");
        var before = await StackOfSleepers.StartedAtAsync(app);
        await File.WriteAllBytesAsync(Path.Combine(_folder.CreateSubdirectory("data").FullName, "large"), RandomNumberGenerator.GetBytes(32 << 20), Cancellation);
        var settings = Settings(await s3.NewBucketAsync(), proxy.Endpoint);
        var run = RunningProcess.RunAsync(new Command(Program, "backup") { Environment = settings }, Cancellation);

        // If the window waited for the upload, neither would ever end.
        await proxy.RequestedAsync(4, "partNumber=", Cancellation);
        while (!run.IsCompleted && (!await StackOfSleepers.IsRunningAsync(app) || await StackOfSleepers.StartedAtAsync(app) == before))
            await Task.Delay(50, Cancellation);
        Assert.False(run.IsCompleted);
        Assert.DoesNotContain(proxy.Answered, IsPart);
        line.SetResult();

        var (backup, _) = await run;
        Assert.True(backup.Succeeded, backup.LastWords);
        await AssertStoredInBothAsync(settings);
    }

    private static bool IsPart(string request) => request.Contains("partNumber=", StringComparison.Ordinal);

    private static async Task AssertStoredInBothAsync(Dictionary<string, string> settings)
    {
        var (_, output) = await RunningProcess.RunAsync(new Command(Program, "list", "--json") { Environment = settings }, Cancellation);
        using var list = JsonDocument.Parse(output);
        var stores = Assert.Single(list.RootElement.EnumerateArray()).GetProperty("stores").EnumerateArray()
            .Select(copy => $"{copy.GetProperty("store")} {copy.GetProperty("state")}");
        Assert.Equal(["local complete", "s3 complete"], stores);
    }

    private Dictionary<string, string> Settings(string bucket, Uri endpoint) => new()
    {
        ["BACKUP_NAME"] = "slow",
        ["BACKUP_DIRS"] = Path.Combine(_folder.FullName, "data"),
        ["BACKUP_STOP_SERVICES"] = "app",
        ["BACKUP_STOP_WAIT"] = "0",
        ["BACKUP_START_WAIT"] = "0",
        ["COMPOSE_PROJECT_NAME"] = _stack.Project,
        ["BACKUP_ENCRYPTION_KEY"] = "a passphrase of this test",
        ["BACKUP_LOCAL_PATH"] = Path.Combine(_folder.FullName, "local"),
        ["BACKUP_STATE_DIR"] = Path.Combine(_folder.FullName, "state"),
        ["BACKUP_STAGING_DIR"] = Path.Combine(_folder.FullName, "staging"),
        ["BACKUP_S3_BUCKET"] = bucket,
        ["BACKUP_S3_ENDPOINT"] = endpoint.AbsoluteUri,
        ["BACKUP_S3_ACCESS_KEY"] = "testkey",
        ["BACKUP_S3_SECRET_KEY"] = "testsecret",
    };
}
