using System.Text.Json;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

/// <summary>What labels on a container can make the program do, and what they cannot.</summary>
public sealed class LabelledCommandTests : IAsyncLifetime
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();
    private readonly FakeDockerDaemon _engine = new();

    public LabelledCommandTests()
    {
        _program.Settings["DOCKER_HOST"] = _engine.Host.ToString();
        _program.Settings["BACKUP_LABELS"] = "on";
        _program.Settings["BACKUP_LABEL_SCOPE"] = "all";
        _program.Settings["BACKUP_HTTP_PORT"] = "0";
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _program.Dispose();
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("")]
    [InlineData("exec")]
    public async Task Nothing_is_ever_run_in_a_container_that_another_ones_labels_name(string via)
    {
        var victim = _engine.Add("victim", "shop", "victim");
        var plain = LabelledContainer.Add(_engine, "plain", "postgres", "postgres://u:p@victim:5432/shop");
        var claiming = LabelledContainer.Add(_engine, "claiming", "postgres", "postgres://u:p@victim:5432/shop");
        claiming.Aliases = ["victim"];
        _program.Settings["BACKUP_DUMP_VIA"] = via;

        foreach (var attacker in new[] { plain, claiming })
        {
            var ended = await _program.RunAsync("backup", "--container", attacker.Name);
            Assert.True(ended.ExitCode == 2, ended.Everything);
        }

        Assert.Empty(ExecutedIn(victim));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Its_own_container_is_where_the_tools_of_a_labelled_database_run()
    {
        var own = LabelledContainer.Add(_engine, "own", "postgres", "postgres://u:p@own:5432/shop");

        await _program.RunAsync("backup", "--container", own.Name);

        Assert.NotEmpty(ExecutedIn(own));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("stack", false)]
    [InlineData("/stack/db/", false)]
    [InlineData("stacks", true)]
    [InlineData("db/stack", true)]
    public async Task The_folder_of_archives_takes_no_dumps(string prefix, bool isBackedUp)
    {
        LabelledContainer.Add(_engine, "db", "redis", "redis://db", $"backup.prefix={prefix}");

        var db = await ExplainAsync("db");

        Assert.Equal(isBackedUp ? "backed-up" : "rejected", db.GetProperty("verdict").GetString());
        if (!isBackedUp)
            Assert.Contains("'stack' is the folder of archives (BACKUP_NAME)", db.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_name_that_no_archive_has_may_be_a_folder_of_dumps()
    {
        _program.Settings["BACKUP_DIRS"] = null;
        LabelledContainer.Add(_engine, "db", "redis", "redis://db", "backup.prefix=stack");

        Assert.Equal("backed-up", (await ExplainAsync("db")).GetProperty("verdict").GetString());
    }

    private async Task<JsonElement> ExplainAsync(string container) =>
        Assert.Single((await _program.RunAsync("explain", container, "--json")).Json.GetProperty("containers").EnumerateArray());

    private List<string> ExecutedIn(FakeContainer container) => [.. _engine.Paths.Where(path =>
        path.EndsWith("/exec", StringComparison.Ordinal) && (path.Contains(container.Id, StringComparison.Ordinal) || path.Contains($"/{container.Name}/", StringComparison.Ordinal)))];
}
