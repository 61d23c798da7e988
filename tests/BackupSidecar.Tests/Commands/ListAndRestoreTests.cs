namespace BackupSidecar.Tests.Commands;

public sealed class ListAndRestoreTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task An_empty_list_is_empty_JSON() =>
        Assert.Equal(0, (await _program.RunAsync("list", "--json")).Json.GetArrayLength());

    [Fact(Timeout = TimeLimit)]
    public async Task The_list_says_the_same_to_machines_and_people()
    {
        await _program.RunAsync("backup");

        var entry = Assert.Single((await _program.RunAsync("list", "--json")).Json.EnumerateArray());
        var people = (await _program.RunAsync("list")).Output;

        var timestamp = entry.GetProperty("timestamp").GetString()!; // The next line would see it missing.
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{6}$", timestamp);
        Assert.Equal($"stack-{timestamp}.tar.gz.gpg", entry.GetProperty("archive").GetString());
        Assert.Equal("complete", entry.GetProperty("state").GetString());
        var store = Assert.Single(entry.GetProperty("stores").EnumerateArray());
        Assert.Equal("local", store.GetProperty("store").GetString());
        Assert.Equal(new FileInfo(_program.Path("store", "stack", $"stack-{timestamp}.tar.gz.gpg")).Length, store.GetProperty("bytes").GetInt64());
        var source = Assert.Single(entry.GetProperty("sources").EnumerateArray());
        Assert.Equal("data", source.GetProperty("entry").GetString());
        Assert.Equal(_program.Path("source"), source.GetProperty("origin").GetString());
        Assert.Contains("Available backups", people, StringComparison.Ordinal);
        Assert.Contains(timestamp, people, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_source_that_failed_does_not_stand_among_those_that_can_be_restored()
    {
        _program.Settings["BACKUP_FILES"] = _program.Path("gone");
        await _program.RunAsync("backup");

        var entry = Assert.Single((await _program.RunAsync("list", "--json")).Json.EnumerateArray());
        var people = (await _program.RunAsync("list")).Output;

        Assert.Contains("  data, gone (failed)\n", people, StringComparison.Ordinal);
        Assert.Equal(["complete", "failed"], entry.GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("state").GetString()));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("backup")]
    [InlineData("check")]
    [InlineData("restore", "latest", "--yes")]
    public async Task A_hook_that_is_not_executable_is_told_once(params string[] arguments)
    {
        await _program.RunAsync("backup");
        _program.Hook("on-failure", "tell-me", "exit 9");
        File.SetUnixFileMode(_program.Path("hooks", "on-failure.d", "tell-me"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(_program.Path("hooks", "on-failure.d", "README"), "what is here");

        var ended = await _program.RunAsync(arguments);

        Assert.Equal(0, ended.ExitCode);
        var line = Assert.Single(ended.Everything.Split('\n'), line => line.Contains("executable", StringComparison.Ordinal));
        Assert.Contains("WARN", line, StringComparison.Ordinal);
        Assert.Contains($"{_program.Path("hooks", "on-failure.d", "tell-me")} is not executable and is not run: chmod +x tell-me", line, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Without_a_terminal_a_restore_shows_its_plan_and_touches_nothing()
    {
        await _program.RunAsync("backup");
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");

        var ended = await _program.RunAsync("restore", "latest");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains($"data -> directory {_program.Path("source")}", ended.Output, StringComparison.Ordinal);
        Assert.Contains("--yes", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("changed", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_restore_that_a_hook_refuses_touches_nothing()
    {
        await _program.RunAsync("backup");
        File.WriteAllText(_program.Path("source", "letter.txt"), "changed");
        _program.Hook("pre-restore", "refuse", "echo not today >&2; exit 9");

        var ended = await _program.RunAsync("restore", "latest", "--yes");

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("pre-restore hook refuse failed with exit code 9: not today", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("should not happen", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("changed", File.ReadAllText(_program.Path("source", "letter.txt")));
    }
}
