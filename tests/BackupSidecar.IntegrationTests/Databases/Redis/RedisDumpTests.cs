using System.Net;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Redis;
using BackupSidecar.IntegrationTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases.Redis;

public sealed class RedisDumpTests
{
    private const string Limited = "limited:secret@";

    private static readonly string EveryPrintable = string.Concat(Enumerable.Range(33, 94).Select(i => (char)i));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exec")]
    [InlineData("client")]
    public async Task Passwords_of_every_printable_character_are_understood(string via)
    {
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("SET", "a", "b");
        await server.AskAsync("CONFIG", "SET", "requirepass", EveryPrintable);
        var engine = await server.EngineAsync(via, $":{Uri.EscapeDataString(EveryPrintable)}@");

        await engine.CheckAsync(Cancellation);
        var facts = await engine.DumpAsync(Stream.Null, Cancellation);

        Assert.Equal(1, facts.Counts["db0"]);
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("client")]
    public async Task A_check_names_what_is_wrong_with_user_password_or_rights(string via)
    {
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+ping", "+info", "+acl|whoami", "+acl|dryrun");

        Assert.Contains("the URI has one", await ProblemAsync(server, via, ":unneeded@"));
        Assert.Contains("no right to make a dump", await ProblemAsync(server, via, Limited));
        await server.AskAsync("ACL", "SETUSER", "limited", "-info");
        Assert.Contains("the user lacks a right", await ProblemAsync(server, via, Limited));
        await server.AskAsync("CONFIG", "SET", "requirepass", "geheim");
        Assert.Contains("it refuses user or password", await ProblemAsync(server, via, ":wrong-one@"));
        Assert.Contains("it wants a password", await ProblemAsync(server, via, ""));

        async Task<string> ProblemAsync(RedisInstance instance, string place, string credentials)
        {
            var engine = await instance.EngineAsync(place, credentials);
            var checkedBefore = (await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation))).Message;
            var dumped = (await Assert.ThrowsAsync<DatabaseException>(() => engine.DumpAsync(Stream.Null, Cancellation))).Message;
            Assert.DoesNotContain("wrong-one", checkedBefore + dumped);
            return checkedBefore;
        }
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("client")]
    public async Task The_rights_that_the_docs_name_are_enough_and_none_of_them_is_missing(string via)
    {
        await using var server = await RedisInstance.StartAsync();
        await server.AskAsync("SET", "a", "b");
        await server.AskAsync("ACL", "SETUSER", "limited", "on", ">secret", "+ping", "+info", "+sync", "+psync", "+replconf", "+acl|whoami", "+acl|dryrun");
        var engine = await server.EngineAsync(via, Limited);

        var facts = await engine.CheckAsync(Cancellation);
        Assert.Equal(1, (await engine.DumpAsync(Stream.Null, Cancellation)).Counts["db0"]);
        Assert.NotNull(facts.Bytes);

        await server.AskAsync("ACL", "SETUSER", "limited", "-acl|dryrun", "-sync");
        await engine.CheckAsync(Cancellation);
        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.DumpAsync(Stream.Null, Cancellation));
        Assert.Contains("no permissions to run the 'sync' command", failure.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_there_or_never_answers_fails_the_check_in_time()
    {
        using var places = new ToolPlaces(DumpVia.Client, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);
        // Its queue is full, and nobody takes from it: to connect takes for ever.
        using var hole = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        hole.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        hole.Listen(0);
        var port = ((IPEndPoint)hole.LocalEndPoint!).Port;
        var queued = Enumerable.Range(0, 3).Select(_ => new TcpClient()).ToList();
        foreach (var client in queued)
            _ = client.ConnectAsync(IPAddress.Loopback, port, Cancellation).AsTask().ContinueWith(done => done.Exception, TaskScheduler.Default);

        var unknown = await Assert.ThrowsAsync<DatabaseException>(() => Engine("redis://nobody.invalid").CheckAsync(Cancellation));
        var refused = await Assert.ThrowsAsync<DatabaseException>(() => Engine("redis://127.0.0.1:1").CheckAsync(Cancellation));
        var silent = await Assert.ThrowsAsync<DatabaseException>(() => Engine($"redis://127.0.0.1:{port}").CheckAsync(Cancellation));

        Assert.Contains("Name or service not known", unknown.Message);
        Assert.Contains("Connection refused", refused.Message);
        Assert.Contains("did not answer within 20 s", silent.Message);
        foreach (var client in queued)
            client.Dispose();

        RedisServer Engine(string uri) => new(new Secret(uri), new DatabaseOptions(), places, Path.GetTempPath(), _ => () => { }, NullLogger.Instance);
    }

    [Theory]
    [InlineData("exec", "yes")]
    [InlineData("client", "no")]
    public async Task A_server_that_is_killed_in_the_middle_of_a_dump_never_gives_a_good_one(string via, string diskless)
    {
        var rounds = Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1" ? 15 : 3;
        var random = new Random(20261121);
        await using var server = await RedisInstance.StartAsync("--repl-diskless-sync", diskless, "--save", "", "--rdbcompression", "no");
        for (var round = 0; round < rounds; round++)
        {
            await server.AskAsync("DEBUG", "POPULATE", "100000", "key", "800");
            var engine = await server.EngineAsync(via);
            using var relay = new KillingStream(server, random.Next(40_000_000));

            await Assert.ThrowsAsync<DatabaseException>(() => engine.DumpAsync(relay, Cancellation));

            Assert.True(relay.HasKilled);
            Assert.Empty(server.LeftHere);
            await server.StartAgainAsync();
        }
    }

    [Fact]
    public async Task A_dump_that_is_cancelled_leaves_no_tool_in_the_container()
    {
        await using var server = await RedisInstance.StartAsync("--repl-diskless-sync-delay", "3600");
        var engine = await server.EngineAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var dump = engine.DumpAsync(Stream.Null, cancelled.Token);
        await UntilAsync(isRunning: true);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dump);

        await UntilAsync(isRunning: false);

        async Task UntilAsync(bool isRunning)
        {
            while ((await DockerCli.RunAsync("exec", server.Container, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).Contains("--rdb -", StringComparison.Ordinal) != isRunning)
                await Task.Delay(50, Cancellation);
        }
    }

    [Fact]
    public async Task An_empty_server_and_one_without_checksums_give_dumps_that_say_so()
    {
        await using var empty = await RedisInstance.StartAsync();
        await using var plain = await RedisInstance.StartAsync("--rdbchecksum", "no");
        await RedisGolden.FillAsync(plain);

        var ofEmpty = await (await empty.EngineAsync()).DumpAsync(Stream.Null, Cancellation);
        var ofPlain = await (await plain.EngineAsync()).DumpAsync(Stream.Null, Cancellation);

        Assert.Empty(ofEmpty.Counts);
        Assert.Equal("snapshot of one moment (replication)", ofEmpty.Consistency);
        Assert.Equal(RedisGolden.Counts, ofPlain.Counts);
        Assert.Contains("writes no checksums", ofPlain.Consistency);
        Assert.StartsWith("Redis 7.", ofPlain.Server, StringComparison.Ordinal);
        Assert.StartsWith("redis-cli 7.", ofPlain.Tool, StringComparison.Ordinal);
    }

    /// <summary>Kills the server as soon as so many bytes of the dump have gone by.</summary>
    private sealed class KillingStream(RedisInstance server, int after) : MemoryStream
    {
        private long _passed;

        public bool HasKilled { get; private set; }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _passed += buffer.Length;
            if (HasKilled || _passed < after)
                return;
            server.KillAsync().GetAwaiter().GetResult();
            HasKilled = true;
        }
    }
}
