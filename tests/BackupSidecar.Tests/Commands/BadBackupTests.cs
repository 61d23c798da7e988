using BackupSidecar.Tests.Notifications;

namespace BackupSidecar.Tests.Commands;

/// <summary>A stored backup goes bad: who is told, what is not pruned any more, and how a person lets it go on.</summary>
public sealed class BadBackupTests : IDisposable
{
    private const int TimeLimit = 120_000;

    private readonly BuiltProgram _program = new();

    public BadBackupTests()
    {
        _program.Settings["BACKUP_VERIFY_LEVEL"] = "content";
        _program.Settings["BACKUP_RETENTION_RECENT"] = "1";
        _program.Settings["BACKUP_RETENTION_DAILY"] = "0";
        _program.Settings["BACKUP_RETENTION_WEEKLY"] = "0";
        _program.Settings["BACKUP_RETENTION_MIN"] = "1";
    }

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task A_scheduled_verification_before_the_first_backup_is_no_news()
    {
        var ended = await _program.RunAsync("verify", "--scheduled");

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("There is no backup yet", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Succeeded", _program.Verifications, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Backups_that_are_all_gone_are_bad_news()
    {
        await _program.RunAsync("backup");
        foreach (var name in _program.Stored.ToList())
            File.Delete(_program.Path("store", "stack", name));

        var ended = await _program.RunAsync("verify", "--scheduled");

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("No store holds a backup that could be verified, although stack-", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_bad_copy_alerts_freezes_pruning_and_is_let_go_by_a_person_and_the_good_one_is_restored()
    {
        await using var server = new FakePingServer();
        _program.Settings["BACKUP_FAILURE_WEBHOOK"] = $"{server.Url}/failure";
        await _program.RunAsync("backup");
        Damage(Archives.Single());

        var verified = await _program.RunAsync("verify", "--scheduled");

        Assert.Equal(5, verified.ExitCode);
        var bad = Archives.Single();
        var alert = await server.NextAsync();
        Assert.Equal("/failure", alert.Target);
        Assert.Contains($"{bad} in the store 'local' is damaged", alert.Text, StringComparison.Ordinal);
        Assert.EndsWith($"backup-sidecar accept {bad}", alert.Text, StringComparison.Ordinal);

        var second = await _program.RunAsync("backup");
        var third = await _program.RunAsync("backup");
        var pruned = await _program.RunAsync("prune");

        Assert.Equal((0, 0, 3), (second.ExitCode, third.ExitCode, pruned.ExitCode));
        Assert.Equal(3, Archives.Count);
        Assert.All([second.Errors, third.Errors, pruned.Output], text => Assert.Contains($"Nothing is pruned in the store 'local': {bad} is bad there since", text, StringComparison.Ordinal));
        Assert.Contains("REFUSED", (await _program.RunAsync("list")).Output, StringComparison.Ordinal);
        // What the histories say grows out of their files one day; the mark stays.
        File.Delete(_program.Path("state", "verifications.jsonl"));
        var listed = await _program.RunAsync("list");
        Assert.Contains("REFUSED", listed.Output, StringComparison.Ordinal);
        Assert.Contains($"in local is bad: {bad} in the store 'local' is damaged", listed.Output, StringComparison.Ordinal);

        var waiting = await _program.RunAsync("accept");
        var accepted = await _program.RunAsync("accept", bad["stack-".Length..^".tar.gz.gpg".Length]);
        var again = await _program.RunAsync("accept", bad);

        Assert.Contains($"{bad} in the store 'local' is bad, since", waiting.Output, StringComparison.Ordinal);
        Assert.Equal((0, 2), (accepted.ExitCode, again.ExitCode));
        Assert.StartsWith($"Accepted: {bad} in the store 'local' is bad.", accepted.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _program.RunAsync("prune")).ExitCode);
        Assert.DoesNotContain(bad, Archives);
        Assert.Single(Archives);
        File.Delete(_program.Path("source", "letter.txt"));
        Assert.Equal(0, (await _program.RunAsync("restore", "latest", "--yes")).ExitCode);
        Assert.Equal("Dear Sir or Madam\n", File.ReadAllText(_program.Path("source", "letter.txt")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_copy_that_is_mended_is_taken_for_good_again_by_the_next_scheduled_verification()
    {
        await _program.RunAsync("backup");
        var mend = Damage(Archives.Single());
        await _program.RunAsync("verify");
        await _program.RunAsync("backup");
        mend();

        var ended = await _program.RunAsync("verify", "--scheduled");

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("There is nothing to accept", (await _program.RunAsync("accept")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _program.RunAsync("prune")).ExitCode);
        Assert.Single(Archives);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("--scheduled", "latest")]
    [InlineData("--scheduled", "--all")]
    [InlineData("--scheduled", "--level", "stored")]
    [InlineData("--scheduled", "--json")]
    public async Task A_scheduled_verification_chooses_by_itself(params string[] arguments)
    {
        var ended = await _program.RunAsync(["verify", .. arguments]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("--scheduled stands alone", ended.Errors, StringComparison.Ordinal);
    }

    private List<string> Archives => [.. _program.Stored.Where(name => name.EndsWith(".gpg", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Returns what puts it right again.</summary>
    private Action Damage(string archive)
    {
        var path = _program.Path("store", "stack", archive);
        var whole = File.ReadAllBytes(path);
        byte[] damaged = [.. whole];
        damaged[^1] ^= 1;
        File.WriteAllBytes(path, damaged);
        return () => File.WriteAllBytes(path, whole);
    }
}
