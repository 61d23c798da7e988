namespace BackupSidecar.Tests.Commands;

public sealed class VerifyCommandTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task What_was_verified_is_told_and_stands_in_the_list_afterwards()
    {
        await _program.RunAsync("backup");
        var before = (await _program.RunAsync("list", "--json")).Json[0].GetProperty("stores")[0];

        var ended = await _program.RunAsync("verify");

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("local  content  good", ended.Output, StringComparison.Ordinal);
        Assert.Contains("data: 18 B in 2 entries", ended.Output, StringComparison.Ordinal);
        Assert.Contains("only a restore shows that", ended.Output, StringComparison.Ordinal);
        Assert.False(before.TryGetProperty("verified", out _));
        var verified = (await _program.RunAsync("list", "--json")).Json[0].GetProperty("stores")[0].GetProperty("verified");
        Assert.Equal(("content", "good"), (verified.GetProperty("level").GetString(), verified.GetProperty("result").GetString()));
        Assert.Matches(@"local +[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} content  data", (await _program.RunAsync("list")).Output);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_refused_backup_ends_with_5_for_machines_and_people_and_the_list_says_so()
    {
        await _program.RunAsync("backup");
        var archive = _program.Path("store", "stack", _program.Stored.Single(name => name.EndsWith(".gpg", StringComparison.Ordinal)));
        var bytes = File.ReadAllBytes(archive);
        bytes[^1] ^= 1;
        File.WriteAllBytes(archive, bytes);

        var people = await _program.RunAsync("verify", "--level", "stored");
        var machines = await _program.RunAsync("verify", "--level", "stored", "--json");

        Assert.Equal((5, 5), (people.ExitCode, machines.ExitCode));
        Assert.Contains("REFUSED", people.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Every stored byte", people.Output, StringComparison.Ordinal);
        Assert.Equal("refused", machines.Json.GetProperty("outcome").GetString());
        var copy = Assert.Single(machines.Json.GetProperty("copies").EnumerateArray());
        Assert.Equal(("local", "refused"), (copy.GetProperty("store").GetString(), copy.GetProperty("result").GetString()));
        Assert.Contains("not those that were written", copy.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Contains("REFUSED", (await _program.RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(2, "--level", "restored")]
    [InlineData(2, "--level", "0")]
    [InlineData(2, "latest", "--all")]
    [InlineData(2, "--from", "tape")]
    [InlineData(1, "2020-01-01-000000")]
    public async Task What_cannot_be_done_says_why(int exitCode, params string[] arguments)
    {
        await _program.RunAsync("backup");

        var ended = await _program.RunAsync(["verify", .. arguments]);

        Assert.Equal(exitCode, ended.ExitCode);
        Assert.NotEmpty(ended.Errors);
        Assert.DoesNotContain("should not happen", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_that_is_going_on_is_not_in_the_way()
    {
        await _program.RunAsync("backup");
        _program.Hook("pre-backup", "wait", $"touch '{_program.Path("begun")}'; while [ ! -e '{_program.Path("go")}' ]; do sleep 0.02; done");
        using var backup = _program.Start("backup");
        while (!File.Exists(_program.Path("begun")))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        var ended = await _program.RunAsync("verify", "--all");
        File.WriteAllText(_program.Path("go"), "");

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(backup)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task No_secret_is_told()
    {
        await _program.RunAsync("backup");

        var ended = await _program.RunAsync("verify", "--json");

        Assert.Contains("Succeeded", _program.Verifications, StringComparison.Ordinal);
        Assert.DoesNotContain(BuiltProgram.Passphrase, ended.Everything + _program.Verifications, StringComparison.Ordinal);
    }
}
