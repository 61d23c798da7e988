using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.MySql;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class MysqlRestoreTests(MariaDbServer server) : IClassFixture<MariaDbServer>
{
    private const string HeadOfOne = "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;\n";

    private const string ScratchLeft = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'backup\\_sidecar%';";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, nameof(DumpVia.Exec))]
    [InlineData(true, nameof(DumpVia.Exec))]
    [InlineData(false, nameof(DumpVia.Client))]
    [InlineData(true, nameof(DumpVia.Client))]
    public async Task A_database_becomes_what_the_dump_holds(bool hasMoreThanTables, string via)
    {
        var engine = server.Engine(await CreateAsync(hasMoreThanTables), Enum.Parse<DumpVia>(via));
        var (database, dump, facts) = await DumpAsync(engine, _latest);
        var before = await DigestAsync(database);
        await server.QueryAsync("DROP TABLE child; UPDATE bytes SET b = 'x'; CREATE TABLE younger(x int); ALTER TABLE latin ADD y int;", database);
        Assert.NotEqual(before, await DigestAsync(database));

        await engine.CheckRestoreAsync(MysqlDumpTests.Trusted(facts), Cancellation);
        await engine.RestoreAsync(dump, MysqlDumpTests.Trusted(facts), Cancellation);

        Assert.Equal(before, await DigestAsync(database));
        Assert.Equal("0", await server.QueryAsync(ScratchLeft));
        await Assert.ThrowsAnyAsync<Exception>(() => server.QueryAsync("INSERT INTO child VALUES (9, 9);", database));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dump_that_does_not_load_leaves_the_database_as_it_was(bool hasMoreThanTables)
    {
        var (database, dump, facts) = await DumpAsync(server.Engine(await CreateAsync(hasMoreThanTables)), _latest);
        await server.QueryAsync("UPDATE bytes SET b = 'younger';", database);
        var before = await DigestAsync(database);
        var text = Encoding.UTF8.GetString(dump.ToArray());
        using var broken = new MemoryStream(Encoding.UTF8.GetBytes(text.Replace("INSERT INTO `parent`", "INSERT INTO `missing`", StringComparison.Ordinal)));

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database).RestoreAsync(broken, MysqlDumpTests.Trusted(facts), Cancellation));

        Assert.Contains($"and the database '{database}' is as it was before", failure.Message);
        Assert.Contains("missing", failure.Message);
        Assert.Equal(before, await DigestAsync(database));
        Assert.Equal("0", await server.QueryAsync(ScratchLeft));
    }

    [Fact]
    public async Task A_dump_that_does_not_load_leaves_an_empty_database_empty_and_there()
    {
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync("ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german2_ci;", database);
        using var dump = new MemoryStream(Encoding.UTF8.GetBytes(HeadOfOne + "CREATE TABLE half(x int);\nINSERT INTO missing VALUES (1);\n"));

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => server.Engine(database).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains("nothing of it was left behind", failure.Message, StringComparison.Ordinal);
        Assert.Equal("latin1\tlatin1_german2_ci", await server.QueryAsync("SELECT @@character_set_database, @@collation_database;", database));
        Assert.Equal("", await server.QueryAsync("SHOW TABLES;", database));
    }

    [Fact]
    public async Task Cancelling_leaves_the_database_as_it_was_and_nothing_beside_it()
    {
        var (database, dump, facts) = await DumpAsync(server.Engine(await CreateAsync(hasMoreThanTables: true)), _latest);
        var before = await DigestAsync(database);
        using var cancelling = new CancellationTokenSource();
        using var slow = new CancelAt(dump.ToArray(), dump.Length / 2, cancelling);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Engine(database).RestoreAsync(slow, MysqlDumpTests.Trusted(facts), cancelling.Token));

        Assert.Equal(before, await DigestAsync(database));
        Assert.Equal("0", await server.QueryAsync(ScratchLeft));
    }

    [Fact]
    public async Task A_dump_can_be_restored_beside_the_original_but_over_nothing()
    {
        var (database, dump, facts) = await DumpAsync(server.Engine(await CreateAsync(hasMoreThanTables: true)), _latest);
        var before = await DigestAsync(database);
        var wanted = MysqlDumpTests.Trusted(facts, databaseAs: "copy of `" + database[..20]);

        await server.Engine(database).RestoreAsync(dump, wanted, Cancellation);
        var copied = await DigestAsync(wanted.DatabaseAs!);
        dump.Position = 0;
        var refused = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine(database).CheckRestoreAsync(wanted, Cancellation));

        Assert.Equal(before, copied);
        Assert.Equal(before, await DigestAsync(database));
        Assert.Contains("holds something already", refused.Message);
    }

    [Fact]
    public async Task A_user_with_rights_on_the_one_database_can_restore_it()
    {
        var (database, dump, facts) = await DumpAsync(server.Engine(await CreateAsync(hasMoreThanTables: false)), _latest);
        var before = await DigestAsync(database);
        await server.QueryAsync($"CREATE USER owner@'%' IDENTIFIED BY 'x'; GRANT ALL ON {database}.* TO owner@'%'; DROP TABLE child;", database);
        var engine = server.Engine(database, user: "owner", password: "x");

        await engine.CheckRestoreAsync(MysqlDumpTests.Trusted(facts), Cancellation);
        await engine.RestoreAsync(dump, MysqlDumpTests.Trusted(facts), Cancellation);

        Assert.Equal(before, await DigestAsync(database));
    }

    [Fact]
    public async Task A_dump_that_nobody_vouches_for_is_given_to_no_client()
    {
        using var dump = new MemoryStream("CREATE TABLE hacked(x int);"u8.ToArray());
        var wanted = new DumpRestore { IsTrusted = false };

        await Assert.ThrowsAsync<DatabaseException>(() => server.Engine("test").CheckRestoreAsync(wanted, Cancellation));
        var failure = await Assert.ThrowsAsync<DatabaseException>(() => server.Engine("test").RestoreAsync(dump, wanted, Cancellation));

        Assert.Contains("BACKUP_ENCRYPTION_KEY or BACKUP_SIGNING_KEY", failure.Message);
        Assert.Equal("", await server.QueryAsync("SHOW TABLES FROM test LIKE 'hacked';"));
    }

    [Theory]
    [InlineData("", HeadOfOne, "Name the database in the URI")]
    [InlineData("test", "-- Current Database: `shop`\n", "holds all databases of a server")]
    public async Task A_dump_of_all_databases_and_one_of_a_single_one_are_never_taken_for_each_other(string database, string head, string words)
    {
        using var dump = new MemoryStream(Encoding.UTF8.GetBytes(head + "DROP DATABASE IF EXISTS test;\n"));

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => server.Engine(database).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal("1", await server.QueryAsync("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'test';"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_RESTORE_txt_says_can_be_followed_to_the_letter(bool isOfAll)
    {
        await using var source = new MariaDbServer();
        await source.InitializeAsync();
        await source.QueryAsync("CREATE DATABASE `a; ü$x`;");
        await source.QueryAsync(GoldenMysql.Schema + GoldenMysql.More, "a; ü$x");
        var folder = Directory.CreateTempSubdirectory("backup-sidecar-by-hand-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "restored"));
        var uri = source.Uri(isOfAll ? "" : "a; ü$x");
        var plan = new DatabaseSourcePlan(SourceKind.Mysql, "mysql-it_s.sql", isOfAll ? "all" : "a; ü$x", uri, "mysql://db/");
        await using (var dump = File.Create(Path.Combine(folder, "restored", plan.EntryName)))
            await source.Engine(isOfAll ? "" : "a; ü$x").DumpAsync(dump, Cancellation);
        await server.QueryAsync("DROP DATABASE IF EXISTS `a; ü$x`; CREATE DATABASE `a; ü$x`; CREATE TABLE `a; ü$x`.younger(x int);");

        var text = RestoreInstructions.For(
            new BackupPlan { Name = "stack", Sources = [plan], ArchiveExtension = ".tar.gz" },
            new ArchiveName("stack", new DateTime(2026, 11, 20, 3, 0, 0), ".tar.gz"), new ArchiveSettings());
        var commands = text.Split('\n').Where(line => line.StartsWith("     mariadb", StringComparison.Ordinal))
            .Select(line => line.Replace("HOST", server.Address, StringComparison.Ordinal).Replace("USER", "root", StringComparison.Ordinal).Replace("--password ", "", StringComparison.Ordinal));
        var shell = new Command("sh", "-ec", string.Join('\n', commands))
        {
            WorkingDirectory = folder,
            Environment = new Dictionary<string, string> { ["MYSQL_PWD"] = MariaDbServer.Password },
        };
        var (result, _) = await RunningProcess.RunAsync(shell, Cancellation);

        Assert.True(result.Succeeded, result.LastWords);
        Assert.Contains("mariadb-client", text);
        Assert.Equal(await GoldenMysql.FingerprintAsync(source, "a; ü$x"), await GoldenMysql.FingerprintAsync(server, "a; ü$x"));
        Directory.Delete(folder, recursive: true);
    }

    private string _latest = "";

    private async Task<string> CreateAsync(bool hasMoreThanTables)
    {
        _latest = await server.CreateDatabaseAsync();
        await server.QueryAsync("ALTER DATABASE CHARACTER SET latin1; " + GoldenMysql.Schema + (hasMoreThanTables ? GoldenMysql.More : ""), _latest);
        return _latest;
    }

    private static async Task<(string Database, MemoryStream Dump, DumpFacts Facts)> DumpAsync(MysqlServer engine, string database)
    {
        var dump = new MemoryStream();
        var facts = await engine.DumpAsync(dump, Cancellation);
        dump.Position = 0;
        return (database, dump, facts);
    }

    /// <summary>Every table with its checksum and definition, and what else there is.</summary>
    private async Task<string> DigestAsync(string database)
    {
        var tables = (await server.QueryAsync("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type <> 'VIEW' AND table_type <> 'SEQUENCE' ORDER BY 1;", database))
            .Split('\n').Select(table => $"`{table.Replace("`", "``", StringComparison.Ordinal)}`").ToList();
        var text = await server.QueryAsync(
            $"""
            CHECKSUM TABLE {string.Join(", ", tables)} EXTENDED; {string.Concat(tables.Select(table => $"SHOW CREATE TABLE {table};\n"))}
            SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1;
            SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1;
            SELECT event_name, event_definition FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1;
            SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE() ORDER BY 1;
            SELECT @@collation_database;
            """, database);
        return text.Replace(database.Replace("`", "``", StringComparison.Ordinal), "DB", StringComparison.Ordinal).Replace(database, "DB", StringComparison.Ordinal);
    }

    /// <summary>A dump of which a part is read before the restore is cancelled.</summary>
    private sealed class CancelAt(byte[] dump, long position, CancellationTokenSource cancelling) : MemoryStream(dump)
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            if (Position >= position)
                cancelling.Cancel();
            return base.Read(buffer, offset, Math.Min(count, 64 * 1024));
        }
    }
}
