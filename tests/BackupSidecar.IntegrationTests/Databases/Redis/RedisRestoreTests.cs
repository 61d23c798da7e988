using BackupSidecar.Databases;
using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Databases.Redis;

public sealed class RedisRestoreTests
{
    private static readonly DumpRestore Wanted = new() { IsTrusted = true };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exec", "no", "yes")]
    [InlineData("client", "yes", "yes")]
    [InlineData("client", "no", "no")]
    public async Task What_is_dumped_under_load_comes_back_in_a_fresh_server(string via, string appendOnly, string diskless)
    {
        await using var server = await RedisInstance.StartAsync("--repl-diskless-sync", diskless);
        await RedisGolden.FillAsync(server);
        await server.StartLoadAsync();
        await using var dump = Dump();
        var engine = await server.EngineAsync(via);
        await engine.CheckAsync(Cancellation);
        var facts = await engine.DumpAsync(dump, Cancellation);
        await server.StopLoadAsync();
        await using var fresh = await RedisInstance.StartAsync("--appendonly", appendOnly);
        await fresh.AskAsync("SET", "of before", "1");

        await RestoreAsync(fresh, dump);

        Assert.Equal(3000, await fresh.SumOfAccountsAsync());
        Assert.True(long.Parse(await fresh.AskAsync("-n", "7", "DBSIZE")) > 100);
        Assert.Equal(facts.Counts["db7"].ToString(), await fresh.AskAsync("-n", "7", "DBSIZE"));
        Assert.Equal(await server.DigestAsync(), await fresh.DigestAsync());
        Assert.Equal(RedisGolden.Counts, facts.Counts.Where(each => each.Key != "db7").ToDictionary());
        await StaysAfterRestartAsync(fresh);
    }

    [Fact]
    public async Task A_million_keys_come_back()
    {
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("DEBUG", "POPULATE", "1000000", "key", "20");
        await using var dump = Dump();
        var facts = await (await server.EngineAsync()).DumpAsync(dump, Cancellation);
        await using var fresh = await RedisInstance.StartAsync();

        await RestoreAsync(fresh, dump);

        Assert.Equal(1_000_000, facts.Counts["db0"]);
        Assert.Equal(await server.AskAsync("DEBUG", "DIGEST"), await fresh.AskAsync("DEBUG", "DIGEST"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("yes")]
    public async Task A_restore_over_what_is_there_leaves_nothing_of_it_and_the_files_as_they_were(string appendOnly)
    {
        var volume = $"redis-{Guid.NewGuid():N}";
        await using var dump = await SmallDumpAsync();
        await using (var server = await RedisInstance.RunAsync(["--volume", $"{volume}:/data"], "--appendonly", appendOnly))
        {
            await server.AskAsync("DEBUG", "POPULATE", "1000", "old", "10");
            await server.AskAsync("BGREWRITEAOF");
            await server.AskAsync("SAVE");
            await server.ShellAsync("chmod 640 /data/dump.rdb; sleep 1");
            var before = await FilesAsync(server);

            await RestoreAsync(server, dump);

            Assert.Equal("1", await server.AskAsync("DBSIZE"));
            Assert.Equal("b", await server.AskAsync("GET", "a"));
            Assert.Equal(before.Count(), (await FilesAsync(server)).Count());
            if (appendOnly == "no")
                Assert.Equal(before, await FilesAsync(server));
            await server.AskAsync("SET", "later", "1");
            await StaysAfterRestartAsync(server);
            Assert.Equal("1", await server.AskAsync("GET", "later"));
        }
        await DockerCli.RunAsync("volume", "rm", volume);

        static async Task<IEnumerable<string>> FilesAsync(RedisInstance server) =>
            (await DockerCli.RunAsync("exec", server.Container, "sh", "-c", "find /data -type f -printf '%f %U:%G %m\\n' | sed 's/[0-9]*\\.\\(base\\|incr\\)/N.\\1/' | sort")).Split('\n');
    }

    [Theory]
    [InlineData("--appendonly", "no")]
    [InlineData("--appendonly", "yes")]
    [InlineData("--save", "")]
    public async Task A_dump_that_the_server_does_not_take_is_taken_back(string option, string value)
    {
        // Its form and checksum are right, but no server of today reads this version.
        var body = "REDIS9999"u8.ToArray().Append((byte)0xFF).ToArray();
        await using var dump = Dump();
        dump.Write([.. body, .. BitConverter.GetBytes(Crc64.Jones.Append(0, body))]);
        dump.Position = 0;
        await using var server = await RedisInstance.StartAsync(option, value);
        await server.AskAsync("SET", "of before", "1");
        var engine = await server.EngineAsync();
        await engine.CheckRestoreAsync(Wanted, Cancellation);

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.RestoreAsync(dump, Wanted, Cancellation));

        Assert.Contains("docker logs", failure.Message);
        Assert.EndsWith("The server runs again with what it held before.", failure.Message, StringComparison.Ordinal);
        Assert.Equal("1", await server.AskAsync("GET", "of before"));
        Assert.Empty(server.LeftHere);
        await StaysAfterRestartAsync(server, hasDisk: value.Length > 0);
    }

    [Fact]
    public async Task A_damaged_dump_touches_nothing()
    {
        await using var dump = await SmallDumpAsync();
        dump.Position = dump.Length - 20;
        dump.WriteByte(0x55);
        dump.Position = 0;
        await using var server = await RedisInstance.StartAsync();
        var started = await StartedAsync(server);
        var engine = await server.EngineAsync();

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.RestoreAsync(dump, Wanted, Cancellation));

        Assert.Contains("the server was not touched", failure.Message);
        Assert.Equal(started, await StartedAsync(server));
    }

    [Fact]
    public async Task A_server_that_was_stopped_meanwhile_is_restored_and_runs_afterwards()
    {
        await using var dump = await SmallDumpAsync();
        await using var server = await RedisInstance.StartAsync();
        var engine = await server.EngineAsync();
        await engine.CheckRestoreAsync(Wanted, Cancellation);
        await DockerCli.RunAsync("stop", server.Container);

        await engine.RestoreAsync(dump, Wanted, Cancellation);

        Assert.Equal("b", await server.AskAsync("GET", "a"));
    }

    [Fact]
    public async Task A_restore_that_is_cancelled_gives_back_what_was_there()
    {
        await using var dump = await SmallDumpAsync();
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("SET", "of before", "1");
        var engine = await server.EngineAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var restore = engine.RestoreAsync(dump, Wanted, cancelled.Token);
        while (await DockerCli.RunAsync("container", "inspect", "--format", "{{.State.Running}}", server.Container) == "true" && !restore.IsCompleted)
            await Task.Delay(10, Cancellation);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore);
        Assert.Equal("1", await server.AskAsync("GET", "of before"));
    }

    [Fact]
    public async Task Where_a_restore_is_not_possible_the_check_says_why()
    {
        await using var dump = await SmallDumpAsync();
        await using var removed = await RedisInstance.RunAsync(["--rm"]);
        await using var memory = await RedisInstance.RunAsync(["--tmpfs", "/memory:mode=1777"], "--dir", "/memory");
        await using var replica = await RedisInstance.StartAsync("--replicaof", await removed.AddressAsync(), "6379");
        await using var unable = await RedisInstance.StartAsync();
        await unable.AskAsync("ACL", "SETUSER", "limited", "on", ">secret", "+ping", "+info");

        Assert.Contains("--rm", await ProblemAsync(removed, Wanted));
        Assert.Contains("in memory (tmpfs)", await ProblemAsync(memory, Wanted));
        Assert.Contains("restore into that one", await ProblemAsync(replica, Wanted));
        Assert.Contains("does not tell its settings", await ProblemAsync(unable, Wanted, "limited:secret@"));
        Assert.Contains("--database-as", await ProblemAsync(unable, Wanted with { DatabaseAs = "other" }));

        async Task<string> ProblemAsync(RedisInstance server, DumpRestore wanted, string credentials = "")
        {
            var engine = await server.EngineAsync(credentials: credentials);
            return (await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckRestoreAsync(wanted, Cancellation))).Message;
        }
    }

    private static FileStream Dump() => new(
        Path.Combine(Path.GetTempPath(), $"redis-dump-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);

    private static async Task<FileStream> SmallDumpAsync()
    {
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("SET", "a", "b");
        var dump = Dump();
        await (await server.EngineAsync()).DumpAsync(dump, Cancellation);
        dump.Position = 0;
        return dump;
    }

    private static async Task RestoreAsync(RedisInstance server, FileStream dump)
    {
        dump.Position = 0;
        var engine = await server.EngineAsync();
        await engine.CheckRestoreAsync(Wanted, Cancellation);
        await engine.RestoreAsync(dump, Wanted, Cancellation);
        Assert.Empty(server.LeftHere);
    }

    private static async Task StaysAfterRestartAsync(RedisInstance server, bool hasDisk = true)
    {
        var before = await server.AskAsync("DEBUG", "DIGEST");
        if (hasDisk)
            await DockerCli.RunAsync("restart", server.Container);
        await server.UntilReadyAsync();
        Assert.Equal(before, await server.AskAsync("DEBUG", "DIGEST"));
    }

    private static Task<string> StartedAsync(RedisInstance server) =>
        DockerCli.RunAsync("container", "inspect", "--format", "{{.State.StartedAt}}", server.Container);
}
