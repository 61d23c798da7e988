using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class PostgresTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private const string Golden =
        """
        CREATE SCHEMA shop; CREATE SCHEMA "we;ird ""name";
        CREATE TABLE shop.item(id serial PRIMARY KEY, name text NOT NULL, price numeric(10,2), total numeric GENERATED ALWAYS AS (price * 2) STORED, data bytea, at timestamptz);
        INSERT INTO shop.item(name, price, data, at)
          SELECT 'näme ' || g || chr(128512), g / 7.0, decode(md5(g::text), 'hex'), '2026-01-01'::timestamptz + g * interval '1 minute' FROM generate_series(1, 100000) g;
        CREATE VIEW shop.expensive AS SELECT * FROM shop.item WHERE price > 10000;
        CREATE INDEX ON shop.item(name);
        CREATE TABLE "we;ird ""name"."t $1"(a int[], b jsonb, c text); INSERT INTO "we;ird ""name"."t $1" VALUES ('{1,NULL}', '{"k": [1]}', E'tab\t\\.\nline');
        CREATE TABLE shop.part(id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE shop.part_2026 PARTITION OF shop.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); INSERT INTO shop.part VALUES (1, '2026-05-05');
        CREATE FUNCTION shop.twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';
        CREATE MATERIALIZED VIEW shop.counted AS SELECT count(*) AS items FROM shop.item;
        SELECT lo_from_bytea(4711, decode(repeat('00ff', 5000), 'hex'));
        SELECT setval('shop.item_id_seq', 123456);
        """;

    // Counts, an MD5 over all rows, and what else should be there.
    private const string Fingerprint =
        """
        SELECT count(*), md5(string_agg(i::text, '|' ORDER BY id)) FROM shop.item i;
        SELECT count(*) FROM shop.expensive; SELECT items FROM shop.counted; SELECT last_value FROM shop.item_id_seq;
        SELECT t::text FROM "we;ird ""name"."t $1" t; SELECT shop.twice(21); SELECT * FROM shop.part_2026;
        SELECT md5(lo_get(4711)); SELECT indexname FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 1;
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_comes_back_whole_in_an_empty_one_and_again_over_itself()
    {
        var source = await GoldenDatabaseAsync();
        var target = await server.CreateDatabaseAsync();
        using var dump = new MemoryStream();
        await Engine(source).CheckAsync(Cancellation);

        var facts = await Engine(source).DumpAsync(dump, Cancellation);
        await RestoreAsync(target, dump);
        var restored = await server.QueryAsync(target, Fingerprint);
        await server.QueryAsync(target, "DELETE FROM shop.item WHERE id < 500; DROP VIEW shop.expensive; CREATE TABLE public.later();");
        await RestoreAsync(target, dump);

        var expected = await server.QueryAsync(source, Fingerprint);
        Assert.StartsWith("100000|", expected);
        Assert.Equal(expected, restored);
        Assert.Equal(expected, await server.QueryAsync(target, Fingerprint));
        Assert.Equal("0", await server.QueryAsync(target, "SELECT count(*) FROM public.later;"));
        Assert.StartsWith("pg_dump 1", facts.Tool);
        Assert.StartsWith("PostgreSQL 15.", facts.Server);
        Assert.Equal("single-transaction snapshot (pg_dump)", facts.Consistency);
    }

    [Fact]
    public async Task A_cut_dump_changes_nothing_in_the_database_that_it_is_restored_into()
    {
        var target = await GoldenDatabaseAsync();
        using var dump = new MemoryStream();
        await Engine(target).DumpAsync(dump, Cancellation);
        var before = await server.QueryAsync(target, Fingerprint);
        dump.SetLength(dump.Length * 2 / 3);

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => RestoreAsync(target, dump));

        Assert.Contains("pg_restore", failure.Message);
        Assert.Equal(before, await server.QueryAsync(target, Fingerprint));
    }

    [Fact]
    public async Task What_was_added_since_and_depends_on_the_backup_is_never_dropped_and_stands_in_the_message()
    {
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync(database, "CREATE TABLE customer(id int PRIMARY KEY); INSERT INTO customer VALUES (1);");
        using var dump = new MemoryStream();
        await Engine(database).DumpAsync(dump, Cancellation);
        await server.QueryAsync(database, "INSERT INTO customer VALUES (2); CREATE TABLE invoice(customer int REFERENCES customer);");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => RestoreAsync(database, dump));

        Assert.Contains("invoice depends on", failure.Message);
        Assert.Contains("restore beside it", failure.Message);
        Assert.Equal("2", await server.QueryAsync(database, "SELECT count(*) FROM customer;"));
    }

    [Fact]
    public async Task A_sequence_and_rows_behind_a_policy_that_cannot_be_read_are_found_before_anything_is_stopped()
    {
        var database = await server.CreateDatabaseAsync();
        var user = $"reader_{Guid.NewGuid():N}";
        await server.QueryAsync(
            database, $"""
            CREATE USER {user} PASSWORD 'x'; CREATE TABLE hidden(); CREATE TABLE plain(id serial); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user};
            """);

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => PostgresTools.Engine(server.Uri(database, user, "x"), database).CheckAsync(Cancellation));
        var options = new DatabaseOptions { ExcludedTables = ["plain_id*"], ExcludedTableData = ["HIDDEN"] };
        var facts = await PostgresTools.Engine(server.Uri(database, user, "x"), database, options: options).CheckAsync(Cancellation);

        Assert.Contains("table \"public\".\"hidden\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("sequence \"public\".\"plain_id_seq\"", failure.Message, StringComparison.Ordinal);
        Assert.InRange(facts.Bytes ?? 0, 1_000_000, 100_000_000);
    }

    [Fact]
    public async Task Tables_and_rows_that_are_left_out_are_not_in_the_dump()
    {
        var source = await server.CreateDatabaseAsync();
        await server.QueryAsync(source, "CREATE TABLE kept(a int); CREATE TABLE gone(a int); CREATE TABLE log(a int); INSERT INTO kept VALUES (1), (2); INSERT INTO gone VALUES (1); INSERT INTO log VALUES (1);");
        using var dump = new MemoryStream();
        var options = new DatabaseOptions { ExcludedTables = ["public.go?e"], ExcludedTableData = ["l*"] };

        var facts = await PostgresTools.Engine(server.Uri(source), source, options: options).DumpAsync(dump, Cancellation);
        var target = await server.CreateDatabaseAsync();
        await RestoreAsync(target, dump);

        Assert.Equal([("public.kept", 2L)], facts.Counts.Select(count => (count.Key, count.Value)));
        Assert.Equal("kept\nlog", await server.QueryAsync(target, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1;"));
        Assert.Equal("0", await server.QueryAsync(target, "SELECT count(*) FROM log;"));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_and_a_server_that_never_answers_are_found_in_time()
    {
        using var silent = new SilentPort();
        var unknown = await Assert.ThrowsAsync<DatabaseException>(
            () => PostgresTools.Engine(new Secret("postgresql://u:geheim@nobody.invalid/shop"), "shop", DumpVia.Auto).CheckAsync(Cancellation));
        var started = DateTimeOffset.UtcNow;
        var black = await Assert.ThrowsAsync<DatabaseException>(
            () => PostgresTools.Engine(new Secret($"postgresql://u:geheim@127.0.0.1:{silent.Port}/shop"), "shop").CheckAsync(Cancellation));

        Assert.Contains("nobody.invalid", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("timeout expired", black.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", unknown.Message + black.Message, StringComparison.Ordinal);
        Assert.InRange(DateTimeOffset.UtcNow - started, TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task A_wrong_password_is_found_before_anything_is_stopped_and_not_told(string via)
    {
        var engine = await EngineAsync(via, "postgres", "postgres", "geheim wrong");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("password authentication failed", failure.Message);
        Assert.DoesNotContain("geheim", failure.Message);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_found_before_anything_is_stopped()
    {
        var engine = PostgresTools.Engine(new Secret("postgresql://u:p@127.0.0.1:1/shop"), "shop");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("Connection refused", failure.Message);
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task A_missing_right_on_one_table_is_found_before_anything_is_stopped(string via)
    {
        var database = await server.CreateDatabaseAsync();
        var user = $"reader_{Guid.NewGuid():N}";
        await server.QueryAsync(
            database, $"CREATE USER {user} PASSWORD 'x'; CREATE TABLE open(); CREATE TABLE closed(); GRANT SELECT ON open TO {user};");
        var engine = await EngineAsync(via, database, user, "x");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("permission denied for table closed", failure.Message);
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task Passwords_of_every_printable_character_get_through(string via)
    {
        var user = $"user_{Guid.NewGuid():N}";
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync("postgres", $"CREATE USER {user};");
        var printable = new string([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);
        string[] passwords = [printable, new string([.. printable.Reverse()]), "pässwörd ☃", "%41", "'", "\\", "@/:?#[]&="];

        foreach (var password in passwords)
        {
            await server.QueryAsync("postgres", $"ALTER USER {user} PASSWORD '{password.Replace("'", "''", StringComparison.Ordinal)}';");
            await (await EngineAsync(via, database, user, password)).CheckAsync(Cancellation);
        }
    }

    [Fact]
    public async Task No_program_carries_the_password_in_its_arguments()
    {
        var user = $"user_{Guid.NewGuid():N}";
        var password = $"geheim{Guid.NewGuid():N}";
        var database = await GoldenDatabaseAsync();
        await server.QueryAsync("postgres", $"CREATE USER {user} SUPERUSER PASSWORD '{password}';");
        var engine = PostgresTools.Engine(server.Uri(database, user, password), database);
        using var seen = new ArgumentsOnEachWrite();

        await engine.DumpAsync(seen, Cancellation);

        Assert.Contains(seen.Arguments, arguments => arguments.Contains("pg_dump", StringComparison.Ordinal) && arguments.Contains(user, StringComparison.Ordinal));
        Assert.DoesNotContain(seen.Arguments, arguments => arguments.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dump_that_ends_early_with_exit_code_0_is_refused()
    {
        var database = await GoldenDatabaseAsync();
        using var dump = new MemoryStream();
        await Engine(database).DumpAsync(dump, Cancellation);
        using var tools = new StandInPgDump(dump.ToArray());
        var engine = PostgresTools.Engine(server.Uri(database), database, clients: new PostgresClients(tools.Directory));

        await engine.DumpAsync(Stream.Null, Cancellation);
        foreach (var percent in new[] { 0.0, 0.1, 1, 10, 30, 50, 70, 90, 99, 99.999 })
        {
            tools.Cut((long)(dump.Length * percent / 100));
            var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.DumpAsync(Stream.Null, Cancellation));
            Assert.Contains("pg_restore cannot read", failure.Message);
        }
    }

    [Fact]
    public async Task A_client_that_is_older_than_the_server_is_refused_with_the_version_that_is_needed()
    {
        using var tools = new StandInPgDump([], major: 14);
        var engine = PostgresTools.Engine(server.Uri("postgres"), "postgres", clients: new PostgresClients(tools.Directory));

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => engine.CheckAsync(Cancellation));

        Assert.Contains("version 15 or newer", failure.Message);
    }

    [Fact]
    public async Task Cancelling_ends_a_dump()
    {
        var database = await GoldenDatabaseAsync();
        using var cancelling = new CancellationTokenSource();
        using var destination = new ActOnFirstWrite(cancelling.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Engine(database).DumpAsync(destination, cancelling.Token));
    }

    internal static async Task<string> CreateGoldenAsync(PostgresServer server)
    {
        var name = await server.CreateDatabaseAsync();
        await server.QueryAsync(name, Golden);
        return name;
    }

    private Task<string> GoldenDatabaseAsync() => CreateGoldenAsync(server);

    private Postgres Engine(string database) => PostgresTools.Engine(server.Uri(database), database);

    /// <summary>By the address of its container, which either way reaches.</summary>
    private async Task<Postgres> EngineAsync(string via, string database, string user = "postgres", string? password = null) =>
        PostgresTools.Engine(await server.ContainerUriAsync(database, user, password), database, Enum.Parse<DumpVia>(via));

    private Task RestoreAsync(string database, MemoryStream dump)
    {
        dump.Position = 0;
        return Engine(database).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation);
    }

    private sealed class ActOnFirstWrite(Action act) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length == 0)
                act();
            base.Write(buffer, offset, count);
        }
    }

    /// <summary>Looks at the arguments of every process of this machine each time that a piece of a dump arrives.</summary>
    private sealed class ArgumentsOnEachWrite : MemoryStream
    {
        public HashSet<string> Arguments { get; } = [];

        public override void Write(byte[] buffer, int offset, int count)
        {
            foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
            {
                try
                {
                    Arguments.Add(File.ReadAllText(Path.Combine(process, "cmdline")));
                }
                catch (IOException)
                {
                    // It has ended meanwhile.
                }
            }
        }
    }

    /// <summary>A directory of clients whose pg_dump is a stand-in: it writes the first bytes of a dump that was made before, and ends well.</summary>
    private sealed class StandInPgDump : IDisposable
    {
        private readonly string _bin;
        private readonly string _dump;

        public StandInPgDump(byte[] dump, int major = 15)
        {
            Directory = System.IO.Directory.CreateTempSubdirectory("backup-sidecar-clients-").FullName;
            _bin = System.IO.Directory.CreateDirectory(Path.Combine(Directory, major.ToString(CultureInfo.InvariantCulture), "bin")).FullName;
            _dump = Path.Combine(Directory, "dump");
            File.WriteAllBytes(_dump, dump);
            foreach (var program in new[] { "psql", "pg_restore" })
                File.CreateSymbolicLink(Path.Combine(_bin, program), $"/usr/bin/{program}");
            WriteProgram(major, dump.Length);
        }

        public string Directory { get; }

        public void Cut(long length) => WriteProgram(15, length);

        public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

        private void WriteProgram(int major, long length)
        {
            var path = Path.Combine(_bin, "pg_dump");
            File.WriteAllText(path, $"#!/bin/sh\ncase $1 in --version) echo 'pg_dump (PostgreSQL) {major}.1';; *) head -c {length} {_dump};; esac\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
