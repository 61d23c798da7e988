using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>Restores into what is not there yet: databases, also beside the original, and roles.</summary>
public sealed class PostgresMissingTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Roles_that_are_missing_at_the_target_are_created_without_login_and_told()
    {
        var id = Guid.NewGuid().ToString("N");
        var source = await server.CreateDatabaseAsync();
        string[] roles = [$"Owner \"{id}\"", $"reader_{id}", $"policy_{id}", $"later_{id}"];
        var names = roles.Select(role => $"\"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\"").ToList();
        await server.QueryAsync(source, string.Concat(names.Select(name => $"CREATE ROLE {name};"))
            + $"""
            CREATE TABLE t(a int); ALTER TABLE t OWNER TO {names[0]}; GRANT SELECT (a) ON t TO {names[1]}; CREATE POLICY p ON t TO postgres, {names[2]} USING (true);
            ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {names[3]};
            """);
        using var dump = new MemoryStream();
        await Engine(source).DumpAsync(dump, Cancellation);
        await server.QueryAsync(source, $"DROP TABLE t; {string.Concat(names.Select(name => $"DROP OWNED BY {name}; DROP ROLE {name};"))}");
        var notices = new List<string>();

        dump.Position = 0;
        await Engine(source).RestoreAsync(dump, new DumpRestore { IsTrusted = true, Notice = notices.Add }, Cancellation);

        Assert.All(names, name => Assert.Contains(name.Any(char.IsUpper) ? name : name.Trim('"'), Assert.Single(notices), StringComparison.Ordinal));
        Assert.Equal(
            string.Join('\n', roles.Select(role => role + "|f").Order(StringComparer.Ordinal)),
            await server.QueryAsync(source, $"SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE '%{id}%' ORDER BY rolname COLLATE \"C\";"));
        Assert.Equal(roles[0], await server.QueryAsync(source, "SELECT tableowner FROM pg_tables WHERE tablename = 't';"));
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task A_missing_database_is_made_as_it_was(string via)
    {
        var source = $"ein Näme \"{Guid.NewGuid():N}\".$x";
        var quoted = $"\"{source.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        await server.QueryAsync("postgres", $"""
            CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'; ALTER DATABASE {quoted} SET work_mem = '5MB';
            COMMENT ON DATABASE {quoted} IS 'it''s; mine'; REVOKE CONNECT ON DATABASE {quoted} FROM PUBLIC;
            """);
        await server.QueryAsync(source, "SET client_encoding = 'UTF8'; CREATE TABLE täfel(a text); INSERT INTO täfel VALUES ('äöü');");
        using var dump = new MemoryStream();
        var facts = await (await EngineAsync(via, source)).DumpAsync(dump, Cancellation);
        await server.QueryAsync("postgres", $"DROP DATABASE {quoted};");
        var notices = new List<string>();
        dump.Position = 0;

        await (await EngineAsync(via, source)).CheckRestoreAsync(new DumpRestore { IsTrusted = true, Tool = facts.Tool }, Cancellation);
        await (await EngineAsync(via, source)).RestoreAsync(dump, new DumpRestore { IsTrusted = true, Notice = notices.Add }, Cancellation);

        Assert.EndsWith("was missing and has been made.", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Equal("äöü", await server.QueryAsync(source, "SET client_encoding = 'UTF8'; SELECT a FROM täfel;"));
        Assert.Equal("LATIN1|C|it's; mine|f|{work_mem=5MB}", await server.QueryAsync(source, """
            SET client_encoding = 'UTF8';
            SELECT pg_encoding_to_char(encoding), datcollate, shobj_description(d.oid, 'pg_database'), coalesce(has_database_privilege('pg_monitor', d.oid, 'CONNECT'), false), setconfig
            FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = current_database();
            """));
        Assert.StartsWith(via == nameof(DumpVia.Exec) ? $"exec in container {server.Container}" : "client", facts.Via, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_comes_back_beside_the_original_and_only_into_an_empty_one()
    {
        var source = await PostgresTests.CreateGoldenAsync(server);
        using var dump = new MemoryStream();
        await Engine(source).DumpAsync(dump, Cancellation);
        await server.QueryAsync(source, "UPDATE shop.item SET name = 'changed' WHERE id = 1;");
        dump.Position = 0;
        var wanted = new DumpRestore { IsTrusted = true, DatabaseAs = source + "_copy" };

        await Engine(source).CheckRestoreAsync(wanted, Cancellation);
        await Engine(source).RestoreAsync(dump, wanted, Cancellation);
        var again = await Assert.ThrowsAsync<DatabaseException>(() => Engine(source).CheckRestoreAsync(wanted, Cancellation));

        Assert.Equal("changed", await server.QueryAsync(source, "SELECT name FROM shop.item WHERE id = 1;"));
        Assert.StartsWith("näme 1", await server.QueryAsync(source + "_copy", "SELECT name FROM shop.item WHERE id = 1;"), StringComparison.Ordinal);
        Assert.Contains("is there and not empty", again.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task A_cut_dump_leaves_no_database_that_was_made_for_it(string via)
    {
        var source = await PostgresTests.CreateGoldenAsync(server);
        using var dump = new MemoryStream();
        await Engine(source).DumpAsync(dump, Cancellation);
        dump.SetLength(dump.Length * 2 / 3);
        dump.Position = 0;
        var missing = $"missing_{Guid.NewGuid():N}";

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            async () => await (await EngineAsync(via, missing)).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains("is removed again", failure.Message, StringComparison.Ordinal);
        Assert.Equal("0", await server.QueryAsync("postgres", $"SELECT count(*) FROM pg_database WHERE datname = '{missing}';"));
    }

    [Fact]
    public async Task A_database_that_is_missing_and_may_not_be_made_is_told_before_anything_is_stopped()
    {
        var user = $"user_{Guid.NewGuid():N}";
        await server.QueryAsync("postgres", $"CREATE USER {user} PASSWORD 'x';");

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => PostgresTools.Engine(server.Uri("missing", user, "x"), "missing").CheckRestoreAsync(new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains("\"missing\" is not there, and the user may not create it", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_of_a_newer_version_is_refused_before_anything_is_stopped()
    {
        var wanted = new DumpRestore { IsTrusted = true, Tool = "pg_dump 17.2" };

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine("postgres").CheckRestoreAsync(wanted, Cancellation));

        Assert.Contains("made by pg_dump 17.2, and pg_restore 15.", failure.Message, StringComparison.Ordinal);
    }

    private Postgres Engine(string database) => PostgresTools.Engine(server.Uri(database), database);

    /// <summary>By the address of its container, which either way reaches.</summary>
    private async Task<Postgres> EngineAsync(string via, string database) =>
        PostgresTools.Engine(await server.ContainerUriAsync(database), database, Enum.Parse<DumpVia>(via));
}
