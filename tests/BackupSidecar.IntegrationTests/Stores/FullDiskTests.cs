using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Commands;
using BackupSidecar.Tests.Stores;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>
/// Disks that have room for anything from nothing to a tenth more than is needed, that are read-only, or have no room for one more
/// file: the other store gets its copy, the failure is told, nothing half made is listed, and what was there before is whole.
/// </summary>
public sealed class FullDiskTests(CephServer ceph) : IAsyncLifetime
{
    /// <summary>Random bytes, of which nothing can be compressed away.</summary>
    private const int Content = 2_000_000;

    private readonly BuiltProgram _program = new();
    private readonly SmallFileSystem _disk = new(size: 256 << 20);
    private string _older = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A good backup is in both stores before anything goes wrong.</summary>
    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(_program.Path("source", "noise"), RandomNumberGenerator.GetBytes(Content), Token);
        foreach (var (name, value) in CephServer.Variables(await ceph.HttpAsync(), await ceph.NewBucketAsync()))
            _program.Settings[name] = value;
    }

    public ValueTask DisposeAsync()
    {
        _disk.Dispose();
        _program.Dispose();
        return ValueTask.CompletedTask;
    }

    private static readonly int Sizes = LongRun.Of(8, 100);

    public static TheoryData<int> Steps => LongRun.IsWanted ? [.. Enumerable.Range(0, Sizes)] : [1, 4, 7];

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Steps))]
    public async Task A_local_folder_without_room_costs_its_own_copy_and_nothing_else(int step)
    {
        _program.Settings["BACKUP_LOCAL_PATH"] = _disk.Path;
        await BackUpBeforeAsync();
        _disk.Leave(RoomAt(step));

        var ended = await _program.RunAsync("backup");

        var copies = await NewestAsync();
        AssertExtremes(step, ended.ExitCode, whenFull: 3);
        Assert.True(ended.ExitCode is 0 or 3, ended.Everything);
        Assert.Equal(ended.ExitCode == 0 ? ["local complete", "s3 complete"] : ["s3 complete"], copies);
        if (ended.ExitCode == 3)
            Assert.Contains("no space", ended.Everything, StringComparison.OrdinalIgnoreCase);
        await AssertAsAlwaysAsync(ended.ExitCode);
        await AssertAllIsWellWithRoomAsync(step);
    }

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Steps))]
    public async Task Staging_without_room_costs_the_dump_and_nothing_else(int step)
    {
        var database = _program.Path("source", "app.db");
        await RunningProcess.RunAsync(new Command("sqlite3", database, $"CREATE TABLE t(b); INSERT INTO t VALUES (randomblob({Content}));"), Token);
        _program.Settings["BACKUP_SQLITE"] = database;
        _program.Settings["BACKUP_STAGING_DIR"] = _disk.Path;
        await BackUpBeforeAsync();
        // The copy that SQLite makes, and the compressed one beside it.
        _disk.Leave(2 * RoomAt(step));

        var ended = await _program.RunAsync("backup");

        AssertExtremes(step, ended.ExitCode, whenFull: 3);
        Assert.True(ended.ExitCode is 0 or 3, ended.Everything);
        var state = ended.ExitCode == 0 ? "complete" : "partial";
        Assert.Equal([$"local {state}", $"s3 {state}"], await NewestAsync());
        await AssertAsAlwaysAsync(ended.ExitCode);
    }

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Steps))]
    public async Task Staging_without_room_for_the_archive_and_no_local_folder_fails_the_run_and_leaves_nothing(int step)
    {
        _program.Settings["BACKUP_LOCAL_PATH"] = null;
        _program.Settings["BACKUP_STAGING_DIR"] = _disk.Path;
        await BackUpBeforeAsync();
        _disk.Leave(RoomAt(step));

        var ended = await _program.RunAsync("backup");

        AssertExtremes(step, ended.ExitCode, whenFull: 1);
        // 2: there was no room even for the run's own folder, and nothing was touched.
        Assert.True(ended.ExitCode is 0 or 1 || (step == 0 && ended.ExitCode == 2), ended.Everything);
        Assert.Equal(ended.ExitCode == 0 ? 2 : 1, (await ListAsync()).Count);
        await AssertAsAlwaysAsync(ended.ExitCode);
        await AssertAllIsWellWithRoomAsync(step);
    }

    [Fact(Timeout = 600_000)]
    public async Task Without_room_anywhere_the_run_fails_and_names_both_places()
    {
        using var staging = new SmallFileSystem();
        _program.Settings["BACKUP_LOCAL_PATH"] = _disk.Path;
        await BackUpBeforeAsync();
        _program.Settings["BACKUP_STAGING_DIR"] = staging.Path;
        _disk.Leave(1 << 20);

        var ended = await _program.RunAsync("backup");

        Assert.True(ended.ExitCode == 1, ended.Everything);
        Assert.Contains(_disk.Path, ended.Everything, StringComparison.Ordinal);
        Assert.Contains(staging.Path, ended.Everything, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(staging.Path));
        await AssertAsAlwaysAsync(ended.ExitCode);
    }

    [Fact(Timeout = 600_000)]
    public Task A_local_folder_that_became_read_only_costs_its_own_copy() => LoseTheLocalCopyAsync(disk => disk.MakeReadOnly(), "mounted read-only");

    [Fact(Timeout = 600_000)]
    public Task A_local_folder_without_room_for_one_more_file_costs_its_own_copy() => LoseTheLocalCopyAsync(disk => disk.UseUpFiles(), "no space is left");

    [Fact(Timeout = 600_000)]
    public async Task Staging_without_room_for_one_more_file_ends_the_run_before_anything_is_touched()
    {
        using var disk = new SmallFileSystem(size: 256 << 20, files: 64);
        _program.Settings["BACKUP_STAGING_DIR"] = disk.Path;
        await BackUpBeforeAsync();
        disk.UseUpFiles();

        var ended = await _program.RunAsync("backup");

        Assert.True(ended.ExitCode == 2, ended.Everything);
        Assert.Contains("BACKUP_STAGING_DIR", ended.Everything, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
    }

    [Fact(Timeout = 600_000)]
    public async Task A_state_folder_without_room_is_told_and_costs_no_backup()
    {
        _program.Settings["BACKUP_STATE_DIR"] = _disk.Path;
        await BackUpBeforeAsync();
        _disk.Leave(0);
        // What is free in the last page of a file would still take a line.
        await FillAsync(Path.Combine(_disk.Path, "full"));

        var ended = await _program.RunAsync("backup");

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains(_disk.Path, ended.Everything, StringComparison.Ordinal);
        _disk.Leave(16 << 20);
        Assert.Equal(0, (await _program.RunAsync("backup")).ExitCode);
    }

    /// <summary>The kernel's limit of a file's size is met as the one of a file system is: by EFBIG.</summary>
    [Fact(Timeout = 600_000)]
    public async Task A_file_that_may_not_grow_so_large_fails_the_run_in_words()
    {
        await BackUpBeforeAsync();

        var ended = await LimitedAsync(Content / 2);

        Assert.True(ended.ExitCode == 1, ended.Everything);
        Assert.Contains("takes no file of", ended.Everything, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
        await AssertAsAlwaysAsync(ended.ExitCode);
    }

    private async Task LoseTheLocalCopyAsync(Action<SmallFileSystem> spoil, string words)
    {
        using var disk = new SmallFileSystem(size: 256 << 20, files: 64);
        _program.Settings["BACKUP_LOCAL_PATH"] = disk.Path;
        await BackUpBeforeAsync();
        spoil(disk);

        var ended = await _program.RunAsync("backup");

        Assert.True(ended.ExitCode == 3, ended.Everything);
        Assert.Contains(words, ended.Everything, StringComparison.Ordinal);
        Assert.Equal(["s3 complete"], await NewestAsync());
        await AssertAsAlwaysAsync(ended.ExitCode);
    }

    private async Task BackUpBeforeAsync()
    {
        var ended = await _program.RunAsync("backup");
        Assert.True(ended.ExitCode == 0, ended.Everything);
        _older = Assert.Single(await ListAsync()).GetProperty("timestamp").GetString()!;
    }

    /// <summary>From nothing to a tenth more than the content.</summary>
    private static long RoomAt(int step) => (long)(Content * 1.1 * step / (Sizes - 1)) + (step == Sizes - 1 ? 64 * 1024 : 0);

    private static void AssertExtremes(int step, int exitCode, int whenFull)
    {
        if (step == 1)
            Assert.Equal(whenFull, exitCode);
        if (step == Sizes - 1)
            Assert.Equal(0, exitCode);
    }

    /// <summary>The next run needs nobody; once is enough.</summary>
    private async Task AssertAllIsWellWithRoomAsync(int step)
    {
        if (step != 2)
            return;
        _disk.Leave(256 << 20);
        Assert.Equal(0, (await _program.RunAsync("backup")).ExitCode);
    }

    /// <summary>Nothing half made anywhere, one end of each run in the history, and the older backup as good as it was.</summary>
    private async Task AssertAsAlwaysAsync(int exitCode)
    {
        var local = _program.Settings["BACKUP_LOCAL_PATH"];
        if (local is not null)
            Assert.Empty(Directory.EnumerateFiles(local, "*.partial", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_program.Settings["BACKUP_STAGING_DIR"]!));
        var outcomes = Reports().Select(report => report.GetProperty("outcome").GetString()!.ToLowerInvariant()).ToList();
        Assert.Contains(exitCode switch { 0 => "succeeded", 1 => "failed", 2 => "notstarted", _ => "partial" }, outcomes);
        Assert.Equal(2, outcomes.Count);
        var verified = await _program.RunAsync("verify", _older, "--level", "stored");
        Assert.True(verified.ExitCode == 0, verified.Everything);
    }

    private IEnumerable<JsonElement> Reports() =>
        _program.History.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    private async Task<List<JsonElement>> ListAsync() => [.. (await _program.RunAsync("list", "--json")).Json.EnumerateArray()];

    /// <summary>"STORE STATE" of each copy of the newest backup.</summary>
    private async Task<IEnumerable<string>> NewestAsync() => (await ListAsync())[0].GetProperty("stores").EnumerateArray()
        .Select(copy => $"{copy.GetProperty("store").GetString()} {copy.GetProperty("state").GetString()}");

    private static async Task FillAsync(string path)
    {
        try
        {
            await using var file = File.Create(path);
            while (true)
                await file.WriteAsync(new byte[4096], Token);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private async Task<Ended> LimitedAsync(int bytes)
    {
        var settings = _program.Settings.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Key, setting => setting.Value!);
        // The runtime maps its own code through a file, which the limit would count.
        settings["DOTNET_EnableWriteXorExecute"] = "0";
        var command = new Command("prlimit", $"--fsize={bytes}", Path.Combine(AppContext.BaseDirectory, "backup-sidecar"), "backup") { Environment = settings };
        var (result, output) = await RunningProcess.RunAsync(command, Token);
        return new Ended(result.ExitCode, output, result.LastWords);
    }
}
