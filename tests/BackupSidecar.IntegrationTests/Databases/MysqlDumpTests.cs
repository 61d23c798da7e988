using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class MysqlDumpTests(MariaDbServer server) : IClassFixture<MariaDbServer>
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(25);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_dumped_while_others_write_comes_back_the_same_on_a_fresh_server()
    {
        var database = await GoldenMysql.CreateAsync(server);
        await using var fresh = new MariaDbServer();
        await fresh.InitializeAsync();

        foreach (var via in new[] { DumpVia.Exec, DumpVia.Client })
        {
            var engine = server.Engine(database, via);
            await using var dump = TemporaryFile();
            DumpFacts facts;
            await using (new GoldenMysql.Writer(server, database))
            {
                Assert.True((await engine.CheckAsync(Cancellation)).Bytes > 10_000_000);
                await server.UntilAsync($"SELECT COUNT(*) > 20 FROM {database}.transfer;", "1");
                facts = await engine.DumpAsync(dump, Cancellation);
            }

            dump.Position = 0;
            await fresh.QueryAsync($"DROP DATABASE IF EXISTS {database};");
            await fresh.Engine(database, via).RestoreAsync(dump, Trusted(facts), Cancellation);

            Assert.Equal(await GoldenMysql.FingerprintAsync(server, database), await GoldenMysql.FingerprintAsync(fresh, database));
            Assert.Equal("100000\n0", await GoldenMysql.InvariantAsync(fresh, database));
            await AssertCountsAsync(facts, fresh, database);
            Assert.Equal("single-transaction snapshot, except for 2 tables without transactions (MyISAM, Aria and the like) (mariadb-dump)", facts.Consistency);
            Assert.StartsWith("mariadb-dump 10.11.", facts.Tool, StringComparison.Ordinal);
            Assert.StartsWith("MariaDB 10.11.", facts.Server, StringComparison.Ordinal);
            Assert.StartsWith(via == DumpVia.Exec ? "exec in container " : "client", facts.Via, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task All_databases_come_back_with_users_and_grants_and_without_those_that_are_left_out()
    {
        await using var source = new MariaDbServer();
        await using var fresh = new MariaDbServer();
        await Task.WhenAll(source.InitializeAsync().AsTask(), fresh.InitializeAsync().AsTask());
        await source.QueryAsync(
            """
            CREATE DATABASE `a b``c` CHARACTER SET latin1; CREATE TABLE `a b``c`.t(x text); INSERT INTO `a b``c`.t VALUES ('ü');
            CREATE DATABASE two; CREATE TABLE two.t(x int); INSERT INTO two.t VALUES (1),(2); CREATE TABLE two.cache(x int); CREATE DATABASE scratch;
            CREATE ROLE reader; GRANT SELECT ON two.* TO reader; CREATE USER app@'%' IDENTIFIED BY 'ge''heim\\'; GRANT reader TO app@'%'; SET DEFAULT ROLE reader FOR app@'%'; GRANT INSERT ON two.t TO app@'%';
            """);
        await fresh.QueryAsync("CREATE DATABASE two; CREATE TABLE two.younger(x int); CREATE DATABASE other;");
        await using var dump = TemporaryFile();

        var facts = await source.Engine("", new DatabaseOptions { ExcludedDatabases = ["scratch"], ExcludedTables = ["two.cache"] }).DumpAsync(dump, Cancellation);
        dump.Position = 0;
        await fresh.Engine("").RestoreAsync(dump, Trusted(facts), Cancellation);

        Assert.Equal("single-transaction snapshot; with users and grants (mariadb-dump)", facts.Consistency);
        Assert.Equal(new Dictionary<string, long> { ["a b`c.t"] = 1, ["two.t"] = 2 }, facts.Counts.OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary());
        Assert.Equal("a b`c\nother\ntest\ntwo", await fresh.QueryAsync("SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1;"));
        Assert.Equal("t", await fresh.QueryAsync("SHOW TABLES FROM two;"));
        Assert.Equal("ü\nlatin1", await fresh.QueryAsync("SELECT x FROM t; SELECT @@character_set_database;", "a b`c"));
        foreach (var who in new[] { "app@'%'", "reader" })
            Assert.Equal(await source.QueryAsync($"SHOW GRANTS FOR {who};"), await fresh.QueryAsync($"SHOW GRANTS FOR {who};"));
        Assert.Equal("0", await fresh.QueryAsync("SELECT COUNT(*) FROM mysql.user WHERE user = 'mariadb_dump_import_role';"));
    }

    [Fact]
    public async Task The_rights_that_the_docs_name_are_enough_and_rights_on_single_tables_are_not()
    {
        var database = await GoldenMysql.CreateAsync(server, rows: 10);
        await server.QueryAsync(
            $"""
            CREATE USER enough@'%' IDENTIFIED BY 'x'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON {database}.* TO enough@'%'; GRANT SELECT ON mysql.proc TO enough@'%';
            CREATE USER few@'%' IDENTIFIED BY 'x'; GRANT SELECT, SHOW VIEW, TRIGGER ON {database}.item TO few@'%'; GRANT SELECT ON {database}.parent TO few@'%'; GRANT EVENT, EXECUTE ON {database}.* TO few@'%';
            CREATE USER blind@'%' IDENTIFIED BY 'x'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON {database}.* TO blind@'%';
            """);
        using var asRoot = new MemoryStream();
        using var asUser = new MemoryStream();

        await server.Engine(database).DumpAsync(asRoot, Cancellation);
        await server.Engine(database, user: "enough", password: "x").CheckAsync(Cancellation);
        await server.Engine(database, user: "enough", password: "x").DumpAsync(asUser, Cancellation);
        var few = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database, user: "few", password: "x").CheckAsync(Cancellation));
        var blind = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database, user: "blind", password: "x").CheckAsync(Cancellation));

        Assert.Equal(asRoot.ToArray(), asUser.ToArray());
        Assert.Contains($"the user lacks SELECT, SHOW VIEW, TRIGGER on `{database}`.*", few.Message);
        Assert.Contains("insufficient privileges", blind.Message);
    }

    [Theory]
    [InlineData(nameof(DumpVia.Exec))]
    [InlineData(nameof(DumpVia.Client))]
    public async Task A_password_may_hold_any_character(string via)
    {
        var database = await server.CreateDatabaseAsync();
        var printable = string.Concat(Enumerable.Range(' ', 95).Select(c => (char)c));
        foreach (var (i, password) in new[] { printable, "#" + printable + "ü", "'\"\\", " leading and trailing ", "$(id) `id`" }.Index())
        {
            var user = $"u{i}_{via}";
            await server.QueryAsync($"CREATE USER {user}@'%' IDENTIFIED BY '{password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'; GRANT ALL ON {database}.* TO {user}@'%';");
            await server.Engine(database, Enum.Parse<DumpVia>(via), user, password).CheckAsync(Cancellation);
            using var dump = new MemoryStream();
            await server.Engine(database, Enum.Parse<DumpVia>(via), user, password).DumpAsync(dump, Cancellation);
        }
    }

    [Theory]
    [InlineData(nameof(DumpVia.Exec))]
    [InlineData(nameof(DumpVia.Client))]
    public async Task A_wrong_password_and_a_wrong_database_are_found_in_the_check_and_named(string via)
    {
        var password = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine("test", Enum.Parse<DumpVia>(via), password: "geheim").CheckAsync(Cancellation));
        var database = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine("nothing", Enum.Parse<DumpVia>(via)).CheckAsync(Cancellation));

        Assert.Contains("user or password are wrong", password.Message);
        Assert.DoesNotContain("geheim", password.Message);
        Assert.Contains("there is no such database", database.Message);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_and_a_server_that_never_answers_are_found_in_the_check_and_named()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var watch = Stopwatch.StartNew();

        var unknown = await Assert.ThrowsAsync<DatabaseException>(() => server.EngineOf("mysql://u:geheim@nobody.invalid/shop").CheckAsync(Cancellation));
        var mute = await Assert.ThrowsAsync<DatabaseException>(() => server.EngineOf($"mysql://u:geheim@127.0.0.1:{port}/shop").CheckAsync(Cancellation));
        var nobody = await Assert.ThrowsAsync<DatabaseException>(() => server.EngineOf("mysql://u:geheim@127.0.0.1:1/shop").CheckAsync(Cancellation));

        Assert.Contains("the name cannot be resolved", unknown.Message);
        Assert.Contains("did not answer within", mute.Message);
        Assert.Contains("nothing listens there", nobody.Message);
        Assert.True(watch.Elapsed < 2 * Budget);
    }

    [Fact]
    public async Task TLS_that_is_wanted_and_not_offered_is_found_in_the_check()
    {
        foreach (var mode in new[] { "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY" })
        {
            var failure = await Assert.ThrowsAsync<DatabaseException>(() => server.EngineOf(server.Uri("test", parameters: $"?ssl-mode={mode}").Reveal()).CheckAsync(Cancellation));
            Assert.Matches("offers no TLS|does not support it", failure.Message);
        }
        await server.EngineOf(server.Uri("test", parameters: "?ssl-mode=PREFERRED").Reveal()).CheckAsync(Cancellation);
    }

    [Fact]
    public async Task A_lock_is_found_in_the_check_and_ends_a_dump_after_a_while_with_who_is_at_work_there()
    {
        var database = await GoldenMysql.CreateAsync(server, rows: 10);
        await using var holder = new LockHolder(server, database, "item");
        await server.UntilAsync($"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{database}' AND info LIKE 'DO SLEEP%';", "1");
        var watch = Stopwatch.StartNew();

        var check = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database).CheckAsync(Cancellation));
        var checkTook = watch.Elapsed;
        var dump = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database, patience: TimeSpan.FromSeconds(3)).DumpAsync(Stream.Null, Cancellation));

        Assert.Contains("a table is locked", check.Message);
        Assert.Matches(@"At work there: \d+ of root from \S+ \(Query, for \d+ s, User sleep\)", check.Message);
        Assert.True(checkTook < Budget);
        Assert.Contains("nothing came from the server for 3 s: somebody holds a table. At work there: ", dump.Message);
    }

    [Fact]
    public async Task A_table_that_is_damaged_is_found_in_the_check()
    {
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync("CREATE TABLE t(x int) ENGINE=MyISAM; INSERT INTO t VALUES (1); FLUSH TABLES;", database);
        await DockerCli.RunAsync("exec", server.Container, "rm", $"/var/lib/mysql/{database}/t.MYI");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database).CheckAsync(Cancellation));

        Assert.Contains("`t`".Trim('`'), failure.Message);
    }

    [Fact]
    public async Task No_program_carries_the_password_in_its_arguments()
    {
        var database = await GoldenMysql.CreateAsync(server, rows: 50_000);
        var seen = new HashSet<string>();
        using var looking = new CallBack(() => seen.UnionWith(Arguments()));

        await server.Engine(database, DumpVia.Client).DumpAsync(looking, Cancellation);

        Assert.Contains(seen, arguments => arguments.Contains("mariadb-dump", StringComparison.Ordinal) && arguments.Contains(database, StringComparison.Ordinal));
        Assert.DoesNotContain(seen, arguments => arguments.Contains("mariadb-dump", StringComparison.Ordinal) && arguments.Contains(MariaDbServer.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelling_ends_a_dump_and_its_tool_in_the_container()
    {
        var database = await GoldenMysql.CreateAsync(server, rows: 50_000);
        using var cancelling = new CancellationTokenSource();
        using var destination = new CallBack(cancelling.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Engine(database).DumpAsync(destination, cancelling.Token));

        await server.UntilAsync($"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{database}';", "0");
        Assert.DoesNotContain("mariadb-dump", await DockerCli.RunAsync("exec", server.Container, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"));
    }

    private static async Task AssertCountsAsync(DumpFacts facts, MariaDbServer restored, string database)
    {
        Assert.Equal((GoldenMysql.Rows, 0, 5), (facts.Counts["item"], facts.Counts["empty"], facts.Counts["bytes"]));
        foreach (var (table, rows) in facts.Counts.Where(count => count.Key != "versioned"))
            Assert.Equal(rows.ToString(CultureInfo.InvariantCulture), await restored.QueryAsync($"SELECT COUNT(*) FROM `{table.Replace("`", "``", StringComparison.Ordinal)}`;", database));
        // With what the rows were before.
        Assert.Equal(2, facts.Counts["versioned"]);
    }

    internal static FileStream TemporaryFile() => new(Path.GetTempFileName(), new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        Options = FileOptions.DeleteOnClose,
    });

    internal static DumpRestore Trusted(DumpFacts facts, string? databaseAs = null) =>
        new() { IsTrusted = true, Tool = facts.Tool, DatabaseAs = databaseAs };

    private static IEnumerable<string> Arguments()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
        {
            string arguments;
            try
            {
                arguments = File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (IOException)
            {
                continue; // It has ended meanwhile.
            }
            yield return arguments;
        }
    }

    /// <summary>A session that holds a table for itself.</summary>
    private sealed class LockHolder : IAsyncDisposable
    {
        private readonly RunningProcess _client;

        public LockHolder(MariaDbServer server, string database, string table)
        {
            _client = RunningProcess.Start(
                new Command("mariadb", "--no-defaults", "--protocol=tcp", "--host=" + server.Address, "--user=root", "--database=" + database, "--execute", $"LOCK TABLES {table} WRITE; DO SLEEP(300);")
                {
                    Environment = new Dictionary<string, string> { ["MYSQL_PWD"] = MariaDbServer.Password },
                });
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }

    private sealed class CallBack(Action act) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => act();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            // The head, which no tool has written.
        }
    }
}
