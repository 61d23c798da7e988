using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>All databases of a server through the program itself, and back on a server that never saw them.</summary>
public sealed class PostgresServerTests : IAsyncLifetime, IDisposable
{
    private readonly PostgresServer _server = new();
    private readonly PostgresServer _fresh = new();
    private readonly BuiltProgram _program = new();

    public async ValueTask InitializeAsync()
    {
        await Task.WhenAll(_server.InitializeAsync().AsTask(), _fresh.InitializeAsync().AsTask());
        await DockerCli.RunAsync("exec", _server.Container, "mkdir", "/tmp/fast");
        await _server.QueryAsync("postgres", """
            CREATE ROLE app LOGIN PASSWORD 'geheim of app'; ALTER ROLE app SET work_mem = '7MB'; CREATE ROLE admins; GRANT admins TO app;
            CREATE TABLESPACE fast LOCATION '/tmp/fast'; CREATE DATABASE shop OWNER app; CREATE DATABASE "we ird""ö"; CREATE DATABASE scratch; CREATE DATABASE tmp_1;
            """);
        await _server.QueryAsync("postgres", "CREATE DATABASE closed ALLOW_CONNECTIONS false;");
        await _server.QueryAsync("shop", "CREATE TABLE t(a int); INSERT INTO t SELECT generate_series(1, 1000); ALTER TABLE t OWNER TO app; CREATE TABLE f(a int) TABLESPACE fast; ALTER TABLE f OWNER TO app;");
        await _server.QueryAsync("we ird\"ö", "CREATE TABLE t(a text); INSERT INTO t VALUES ('ö');");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _fresh.DisposeAsync();
        Dispose();
    }

    public void Dispose() => _program.Dispose();

    [Theory]
    [InlineData("client")]
    [InlineData("exec")]
    public async Task All_databases_of_a_server_come_back_with_its_roles(string via)
    {
        await UseAsync(_server, via);

        var check = await _program.RunAsync("check");
        var backup = await _program.RunAsync("backup");
        await UseAsync(_fresh, via);
        await DockerCli.RunAsync("exec", _fresh.Container, "mkdir", "/tmp/fast");
        var restore = await _program.RunAsync("restore", "latest", "--yes");

        Assert.Equal((0, 0, 0), (check.ExitCode, backup.ExitCode, restore.ExitCode));
        Assert.Contains("postgres-all-we_ird_ö.dump", check.Output, StringComparison.Ordinal);
        Assert.Equal("postgres\nshop\nwe ird\"ö", await _fresh.QueryAsync("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1;"));
        Assert.Equal("1000|500500", await _fresh.QueryAsync("shop", "SELECT count(*), sum(a) FROM t;"));
        Assert.Equal("ö", await _fresh.QueryAsync("we ird\"ö", "SELECT a FROM t;"));
        Assert.Equal("app|app|fast|{work_mem=7MB}|t", await _fresh.QueryAsync("shop", """
            SELECT pg_get_userbyid(datdba), (SELECT tableowner FROM pg_tables WHERE tablename = 't'), (SELECT tablespace FROM pg_tables WHERE tablename = 'f'),
              (SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'app'::regrole), pg_has_role('app', 'admins', 'MEMBER') FROM pg_database WHERE datname = 'shop';
            """));
        // The password of the role has come back, and that of the superuser was left as it was.
        await PostgresTools.Engine(await _fresh.ContainerUriAsync("shop", "app", "geheim of app"), "shop").CheckAsync(TestContext.Current.CancellationToken);
        Assert.Contains("there already and are left as they are: postgres", restore.Everything, StringComparison.Ordinal);
        Assert.Contains("Missing roles have been created: admins, app", restore.Everything, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", backup.Everything + restore.Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_database_is_backed_up_by_itself_and_a_server_that_is_gone_makes_the_backup_partial()
    {
        await UseAsync(_server, "client");

        await _program.RunAsync("backup");
        await _server.QueryAsync("postgres", "CREATE DATABASE later;");
        var second = await _program.RunAsync("backup");
        var list = await _program.RunAsync("list");
        await _server.KillAsync();
        var third = await _program.RunAsync("backup");

        Assert.Equal((0, 0, 3), (second.ExitCode, list.ExitCode, third.ExitCode));
        Assert.Contains("postgres-all-later.dump", _program.History, StringComparison.Ordinal);
        Assert.Contains("postgres-all (postgresql://postgres@", third.Everything, StringComparison.Ordinal);
    }

    private async Task UseAsync(PostgresServer server, string via)
    {
        var all = (await server.ContainerUriAsync("DATABASE")).Reveal().Replace("DATABASE", "*", StringComparison.Ordinal);
        _program.Settings["BACKUP_POSTGRES"] = $"{all}?backup.exclude_database=scratch,tmp_*";
        _program.Settings["BACKUP_DUMP_VIA"] = via;
        _program.Settings["BACKUP_DIRS"] = null;
        _program.Settings["BACKUP_FILES"] = $"{_program.Path("source", "letter.txt")}:letter.txt";
    }
}
