using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Drills;

/// <summary>Drills of the other engines, of all databases of a server, and of what is no server.</summary>
public sealed class StackDrillTests : IAsyncLifetime
{
    private const string Password = "the password";

    private readonly DrillStack _stack = new();

    private Dictionary<string, string?> Settings => _stack.Program.Settings;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact(Timeout = 300_000)]
    public async Task MariaDb_with_views_of_others_events_and_all_databases_with_their_users()
    {
        var server = await _stack.StartAsync("test/maria", ["--hostname", "origin", "--env", $"MARIADB_ROOT_PASSWORD={Password}", "--env", "MARIADB_DATABASE=shop"]);
        await DrillStack.UntilAsync(server, "mariadb", "--host=127.0.0.1", "--user=root", $"--password={Password}", "--execute=SELECT 1");
        await DockerCli.RunAsync(
            "exec", server, "mariadb", "--host=127.0.0.1", "--user=root", $"--password={Password}", "shop",
            """
            --execute=CREATE TABLE item (id INT PRIMARY KEY); INSERT INTO item SELECT seq FROM seq_1_to_500; CREATE TABLE empty (id INT);
            CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'; CREATE DEFINER = app@'%' VIEW few AS SELECT * FROM item LIMIT 3;
            CREATE EVENT elsewhere ON SCHEDULE EVERY 1 SECOND DO DELETE FROM shop.item WHERE @@hostname <> 'origin';
            """);
        Settings["BACKUP_MYSQL"] = $"mysql://root:{Uri.EscapeDataString(Password)}@{server}/shop,mysql://root:{Uri.EscapeDataString(Password)}@{server}/?backup.name=everything";
        Settings["BACKUP_DRILL_SQL_1"] = "mysql-shop.sql: select count(*) = 500 from item";
        await _stack.BackUpAsync();

        var good = await _stack.DrillAsync();
        _stack.ForgeRow("mysql");
        var bad = await _stack.DrillAsync();

        AssertRestored(good);
        Assert.Equal(5, bad.ExitCode);
        Assert.Contains("item holds 500 instead of 501", bad.Output, StringComparison.Ordinal);
        Assert.Empty(await _stack.LeftoversAsync());
    }

    [Fact(Timeout = 300_000)]
    public async Task Redis_with_a_password_in_its_command_and_an_append_only_file()
    {
        var server = await _stack.StartAsync(
            "test/redis", [], "redis-server", "--bind", "0.0.0.0", "--dir", "/data", "--requirepass", "hunter-two", "--appendonly", "yes");
        await DrillStack.UntilAsync(server, "redis-cli", "-a", "hunter-two", "PING");
        await DockerCli.RunAsync(
            "exec", server, "redis-cli", "-a", "hunter-two", "EVAL",
            "for i = 1, 100 do redis.call('SET', 'key' .. i, i) end; redis.call('SET', 'long', 1, 'EX', 86400); redis.call('SELECT', 3); redis.call('SET', 'x', 1)", "0");
        Settings["BACKUP_REDIS"] = $"redis://:hunter-two@{server}";
        await _stack.BackUpAsync();

        var good = await _stack.DrillAsync();
        _stack.ForgeRow("redis");
        var bad = await _stack.DrillAsync();

        AssertRestored(good);
        Assert.Equal(5, bad.ExitCode);
        Assert.Contains("db3 holds 1 instead of 2", bad.Output, StringComparison.Ordinal);
        Assert.Empty(await _stack.LeftoversAsync());
    }

    [Fact(Timeout = 300_000)]
    public async Task All_databases_of_a_server_come_back_into_one_with_their_roles()
    {
        var server = await _stack.StartAsync("test/pg", ["--env", $"POSTGRES_PASSWORD={Password}"]);
        string[] psql = ["psql", $"--dbname=postgresql://postgres:{Uri.EscapeDataString(Password)}@127.0.0.1/postgres"];
        await DrillStack.UntilAsync(server, [.. psql, "--command=SELECT 1"]);
        await DockerCli.RunAsync(["exec", server, .. psql, "--command=CREATE ROLE writer LOGIN PASSWORD 'x'", "--command=CREATE DATABASE blog OWNER writer", "--command=CREATE TABLE t AS SELECT 1 AS a"]);
        Settings["BACKUP_POSTGRES"] = $"postgresql://postgres:{Uri.EscapeDataString(Password)}@{server}/*";
        await _stack.BackUpAsync();

        var good = await _stack.DrillAsync();

        AssertRestored(good);
        var sources = _stack.Report().GetProperty("sources").EnumerateArray().ToList();
        Assert.Equal(3, sources.Count(source => source.GetProperty("kind").GetString() == "postgres"));
        Assert.Single(sources, source => source.TryGetProperty("startSeconds", out _));
        Assert.Contains(sources, source => source.GetProperty("counts").ToString().Contains("roles", StringComparison.Ordinal));
    }

    [Fact(Timeout = 300_000)]
    public async Task Sqlite_and_files_need_no_docker()
    {
        await RunningProcess.RunAsync(
            new Command("sqlite3", _stack.Program.Path("app.db"), "CREATE TABLE note (id INTEGER); INSERT INTO note VALUES (1), (2), (3);"), TestContext.Current.CancellationToken);
        Settings["BACKUP_SQLITE"] = _stack.Program.Path("app.db");
        Settings["BACKUP_DRILL_SQL"] = "select count(*) = 3 from note";
        Settings["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
        for (var i = 0; i < 50; i++)
            File.WriteAllText(_stack.Program.Path("source", $"letter {i}"), $"{i}");
        await _stack.BackUpAsync();

        var good = await _stack.DrillAsync();
        _stack.ForgeRow("sqlite");
        var bad = await _stack.DrillAsync();

        AssertRestored(good);
        Assert.Equal(5, bad.ExitCode);
        Assert.Contains("note holds 3 instead of 4", bad.Output, StringComparison.Ordinal);
        Assert.Contains(_stack.Report().GetProperty("sources").EnumerateArray(), source =>
            source.GetProperty("entry").GetString() == "data" && source.GetProperty("counts")[0].GetProperty("found").GetInt64() == 52);
        Assert.Empty(await _stack.LeftoversAsync());
    }

    [Fact(Timeout = 300_000)]
    public async Task What_needs_more_memory_than_it_may_have_is_not_blamed_on_the_backup()
    {
        var server = await _stack.StartAsync("test/redis", [], "redis-server", "--dir", "/data", "--save", "");
        await DrillStack.UntilAsync(server, "redis-cli", "PING");
        await DockerCli.RunAsync("exec", server, "redis-cli", "EVAL", "for i = 1, 300000 do redis.call('SET', i, string.rep('x', 400)) end", "0");
        Settings["BACKUP_REDIS"] = $"redis://{server}";
        Settings["BACKUP_DRILL_MEMORY"] = "64MiB";
        await _stack.BackUpAsync();

        var ended = await _stack.DrillAsync();

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("BACKUP_DRILL_MEMORY", ended.Output, StringComparison.Ordinal);
        Assert.Equal("unread", ended.Json.GetProperty("copies")[0].GetProperty("result").GetString());
        Assert.Empty(await _stack.LeftoversAsync());
    }

    /// <summary>The server in it is none of MongoDB's, and its tools are stand-ins: this is about the way to them.</summary>
    [Fact(Timeout = 300_000)]
    public async Task MongoDb_takes_the_same_way_with_stand_ins_of_its_tools()
    {
        const string StandIn =
            """
            #!/bin/sh
            case $1 in --version) echo "${0##*/} version: 100.9.4"; exit ;; esac
            case $0 in
              *mongorestore) grep -q '@' "${1#--config=}" && exit 3; cat > /dev/null ;;
              *) printf '\155\342\231\201\026\000\000\000\002version\000\004\000\000\0000.1\000\000\377\377\377\377' ;;
            esac
            """;
        var image = $"{_stack.Name}-mongo";
        var made = await _stack.StartAsync("test/redis", ["--user", "root"], "sh", "-c", "printf %s \"$0\" > /usr/local/bin/mongodump; cd /usr/local/bin; cp mongodump mongorestore; chmod 755 mongo*", StandIn);
        await DockerCli.RunAsync("wait", made);
        await DockerCli.RunAsync("commit", "--change", "CMD [\"redis-server\"]", made, image);
        try
        {
            var server = await _stack.StartAsync(image, ["--user", "redis"], "redis-server");
            Settings["BACKUP_MONGODB"] = $"mongodb://u:p%40ss@{server}:27017/shop?authSource=admin";
            await _stack.BackUpAsync();

            var good = await _stack.DrillAsync();

            AssertRestored(good);
            Assert.Contains("has no counts, so the rows were not compared", good.Output, StringComparison.Ordinal);
        }
        finally
        {
            await _stack.RemoveContainersAsync();
            await DockerCli.RunAsync("rmi", image);
        }
    }

    private static void AssertRestored(Ended ended)
    {
        Assert.True(ended.ExitCode == 0, ended.Everything);
        var copy = ended.Json.GetProperty("copies")[0];
        Assert.Equal(("good", "restore"), (copy.GetProperty("result").GetString(), copy.GetProperty("level").GetString()));
        Assert.All(copy.GetProperty("sources").EnumerateArray(), source => Assert.Equal(
            (JsonValueKind.Object, "restored"), (source.GetProperty("drill").ValueKind, source.GetProperty("drill").GetProperty("outcome").GetString())));
    }
}
