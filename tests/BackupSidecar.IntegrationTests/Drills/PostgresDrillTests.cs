using System.Text.Json;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Commands;

namespace BackupSidecar.IntegrationTests.Drills;

/// <summary>
/// Drills of a PostgreSQL database with extensions, a command line of its own and another superuser than usual, and of files beside
/// it; with what may happen to them.
/// </summary>
public sealed class PostgresDrillTests(DrilledPostgres postgres) : IClassFixture<DrilledPostgres>, IAsyncLifetime
{
    private readonly DrillStack _stack = new();
    private readonly string _server = postgres.Container;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _stack.Program.Settings["BACKUP_POSTGRES"] = postgres.Uri;
        await _stack.BackUpAsync();
    }

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact(Timeout = 300_000)]
    public async Task Extensions_command_and_user_come_back_and_nothing_else_is_touched()
    {
        var before = (await DrillStack.StartedAtAsync(_server), await postgres.QueryAsync("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database"));
        _stack.Program.Settings["BACKUP_DRILL_SQL_1"] = "select count(*) = 1000 from users where name ~ 'USER'";
        Directory.CreateDirectory(_stack.Program.Path("drills", "shop"));
        File.WriteAllText(_stack.Program.Path("drills", "shop", "roles.sql"), "select tableowner = 'app' from pg_tables where tablename = 'users';\nselect current_setting('max_connections') = '50'\n");
        _stack.Program.Settings["BACKUP_DRILLS_DIR"] = _stack.Program.Path("drills");
        _stack.Program.Settings["BACKUP_DRILL_REPORT_STORE"] = "local";

        var ended = await _stack.DrillAsync();
        var listed = await _stack.Program.RunAsync("list", "--json");

        Assert.True(ended.ExitCode == 0, ended.Everything);
        var copy = ended.Json.GetProperty("copies")[0];
        Assert.Equal(("good", "restore"), (copy.GetProperty("result").GetString(), copy.GetProperty("level").GetString()));
        Assert.Equal("restore", Single(listed.Json).GetProperty("stores")[0].GetProperty("verified").GetProperty("level").GetString());
        var database = _stack.Report().GetProperty("sources").EnumerateArray().Single(source => source.GetProperty("kind").GetString() == "postgres");
        Assert.Equal(2, database.GetProperty("assertions").GetArrayLength());
        Assert.Contains(database.GetProperty("counts").EnumerateArray(), count => count.GetProperty("name").GetString() == "public.users" && count.GetProperty("found").GetInt64() == 1000);
        Assert.Equal("test/pg", database.GetProperty("image").GetString());
        Assert.Equal(2, Directory.GetFiles(_stack.Program.Path("store", _stack.Name), "drill-*").Length);
        Assert.Equal(1, listed.Json.GetArrayLength());
        Assert.Equal(before, (await DrillStack.StartedAtAsync(_server), await postgres.QueryAsync("SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database")));
        Assert.Empty(await _stack.LeftoversAsync());
        Assert.DoesNotContain(DrilledPostgres.Canary, ended.Everything + File.ReadAllText(Directory.GetFiles(_stack.Program.Path("state", "drills"), "*.json")[0]), StringComparison.Ordinal);
    }

    [Fact(Timeout = 300_000)]
    public async Task Nobody_reaches_the_scratch_server_and_an_interrupt_removes_it()
    {
        _stack.Order("hang DrillLoaded");
        using var drill = _stack.Program.Start("verify", "--level", "restore", "--json");
        var scratch = "";
        while (scratch.Length == 0)
        {
            await Task.Delay(100, Token);
            scratch = await DockerCli.RunAsync("ps", "--quiet", "--filter", $"label=backup-sidecar.drill.name={_stack.Name}");
        }
        var made = JsonDocument.Parse(await DockerCli.RunAsync("container", "inspect", scratch)).RootElement[0];
        var running = JsonDocument.Parse(await DockerCli.RunAsync("container", "inspect", _server)).RootElement[0];
        var top = await DockerCli.RunAsync("top", scratch);
        while (!drill.HasExited && !(await UntilLoadedAsync(scratch)))
            await Task.Delay(200, Token);
        ForegroundProcess.Terminate(drill.Id);
        var ended = await BuiltProgram.EndOfAsync(drill);

        Assert.Equal(143, ended.ExitCode);
        Assert.Empty(await _stack.LeftoversAsync());
        Assert.Equal("none", Text(made, "HostConfig", "NetworkMode"));
        Assert.True(Text(made, "HostConfig", "PortBindings") is "" or "{}");
        Assert.Equal(Text(running, "Image"), Text(made, "Image"));
        Assert.Equal(Text(running, "Config", "Cmd"), Text(made, "Config", "Cmd"));
        Assert.Equal(($"{80 << 20}", $"{1 << 30}", "1000000000"), (Text(made, "HostConfig", "ShmSize"), Text(made, "HostConfig", "Memory"), Text(made, "HostConfig", "NanoCpus")));
        Assert.Contains("nofile", Text(made, "HostConfig", "Ulimits"), StringComparison.Ordinal);
        Assert.Contains(made.GetProperty("Mounts").EnumerateArray(), mount => Text(mount, "Destination") == "/etc/postgresql/extra.conf" && Text(mount, "RW") == "False");
        Assert.DoesNotContain(running.GetProperty("Mounts").EnumerateArray(), mount => mount.TryGetProperty("Name", out var name) && made.ToString().Contains(name.GetString()!, StringComparison.Ordinal));
        Assert.All([DrilledPostgres.Canary, DrilledPostgres.Password], secret => Assert.DoesNotContain(secret, made.ToString() + top, StringComparison.Ordinal));
    }

    [Theory(Timeout = 300_000)]
    [InlineData("DrillContainerMade")]
    [InlineData("DrillBeforeRemoval")]
    public async Task What_a_killed_drill_leaves_is_gone_after_the_next_start(string point)
    {
        _stack.Order($"kill {point}");
        var killed = await _stack.DrillAsync();
        var left = await _stack.LeftoversAsync();
        _stack.Order(null);

        var next = await _stack.Program.RunAsync("verify", "--level", "stored");

        Assert.Equal(137, killed.ExitCode);
        Assert.True(left.Count >= 3, string.Join(' ', left));
        Assert.Equal(0, next.ExitCode);
        Assert.Empty(await _stack.LeftoversAsync());
        Assert.Equal(0, (await _stack.DrillAsync()).ExitCode);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_row_that_is_missing_is_refused_and_a_superficial_look_does_not_hide_it()
    {
        _stack.ForgeRow("postgres");

        var content = await _stack.Program.RunAsync("verify", "--level", "content");
        var ended = await _stack.DrillAsync();
        var stored = await _stack.Program.RunAsync("verify", "--level", "stored");
        var listed = await _stack.Program.RunAsync("list");

        Assert.Equal((0, 5, 0), (content.ExitCode, ended.ExitCode, stored.ExitCode));
        Assert.Contains("public.users holds 1000 instead of 1001", ended.Json.GetProperty("copies")[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Contains("REFUSED", listed.Output, StringComparison.Ordinal);
        Assert.Equal("refused", _stack.Report().GetProperty("result").GetString()!.ToLowerInvariant());
        Assert.Empty(await _stack.LeftoversAsync());
    }

    [Fact(Timeout = 300_000)]
    public async Task An_assertion_that_is_not_true_refuses_and_one_that_cannot_be_run_tells_nothing()
    {
        _stack.Program.Settings["BACKUP_DRILL_SQL_1"] = "select count(*) > 5000 from users";
        var wrong = await _stack.DrillAsync();
        _stack.Program.Settings["BACKUP_DRILL_SQL_1"] = "select count(*) > 0 from user_s";
        var unknown = await _stack.DrillAsync();
        _stack.Program.Settings["BACKUP_DRILL_SQL_1"] = "blog: select true";
        var stranger = await _stack.DrillAsync();

        Assert.Equal((5, 1, 1), (wrong.ExitCode, unknown.ExitCode, stranger.ExitCode));
        Assert.Contains("came back as it was backed up, but is not what is asserted of it: 'postgres-shop.dump': BACKUP_DRILL_SQL_1: it is not true", Problem(wrong), StringComparison.Ordinal);
        Assert.Contains("BACKUP_DRILL_SQL_1 cannot be run", Problem(unknown), StringComparison.Ordinal);
        Assert.Contains("BACKUP_DRILL_SQL_1 is about 'blog'", Problem(stranger), StringComparison.Ordinal);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_server_that_is_no_container_here_is_read_as_content_and_the_list_says_so()
    {
        // Backed up while it was one; then the configuration leads elsewhere.
        _stack.Program.Settings["BACKUP_POSTGRES"] = $"postgresql://shop:{DrilledPostgres.Password}@db.elsewhere.invalid/shop";

        var ended = await _stack.DrillAsync();
        var listed = await _stack.Program.RunAsync("list", "--json");

        // Restoring was asked for by name, and not done.
        Assert.True(ended.ExitCode == 1, ended.Everything);
        var copy = ended.Json.GetProperty("copies")[0];
        Assert.Equal("content", copy.GetProperty("level").GetString());
        Assert.Contains("is no single running container of this Docker engine", copy.GetProperty("leftOpen").ToString(), StringComparison.Ordinal);
        Assert.Contains("was not restored", ended.Json.GetProperty("problems").ToString(), StringComparison.Ordinal);
        Assert.Equal("content", Single(listed.Json).GetProperty("stores")[0].GetProperty("verified").GetProperty("level").GetString());
    }

    private static string Problem(Ended ended) => ended.Json.GetProperty("copies")[0].GetProperty("problem").GetString() ?? "";

    private static JsonElement Single(JsonElement list) => list.EnumerateArray().Single();

    private static string Text(JsonElement element, params string[] path) =>
        path.Aggregate(element, (inner, name) => inner.GetProperty(name)).ToString();

    private async Task<bool> UntilLoadedAsync(string scratch)
    {
        try
        {
            return await DockerCli.RunAsync("exec", "--env", "PGPASSWORD=x", scratch, "psql", "--username=shop", "--dbname=shop", "-XAtc", "SELECT count(*) FROM users") == "1000";
        }
        catch (ProcessFailedException)
        {
            return false;
        }
    }
}
