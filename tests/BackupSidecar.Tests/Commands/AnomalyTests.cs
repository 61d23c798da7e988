using System.Diagnostics;
using BackupSidecar.Tests.Notifications;

namespace BackupSidecar.Tests.Commands;

/// <summary>A directory loses what was in it between two backups.</summary>
public sealed class AnomalyTests : IDisposable
{
    private const int TimeLimit = 120_000;
    private const int Size = 100_000;

    private readonly BuiltProgram _program = new();

    public AnomalyTests()
    {
        _program.Settings["BACKUP_RETENTION_RECENT"] = "1";
        _program.Settings["BACKUP_RETENTION_DAILY"] = "0";
        _program.Settings["BACKUP_RETENTION_WEEKLY"] = "0";
        _program.Settings["BACKUP_RETENTION_MIN"] = "3";
        Write(Size);
    }

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_lost_nearly_everything_alerts_and_nothing_is_pruned_until_it_is_accepted_and_all_of_them_can_be_restored()
    {
        await using var server = new FakePingServer();
        _program.Settings["BACKUP_FAILURE_WEBHOOK"] = $"{server.Url}/failure";
        var large = await BackUpThreeTimesAsync();
        Write(Size / 20);

        var shrunken = await _program.RunAsync("backup");

        Assert.Equal(3, shrunken.ExitCode);
        var alert = await server.NextAsync();
        Assert.StartsWith("data: 4.9 KiB, where the last good backups had 97.7 KiB (95 % less).\nNothing is pruned until", alert.Text, StringComparison.Ordinal);
        Assert.EndsWith($"backup-sidecar accept {Newest}", alert.Text, StringComparison.Ordinal);
        var newest = (await _program.RunAsync("list", "--json")).Json[0];
        Assert.Equal("complete", newest.GetProperty("state").GetString());
        Assert.False(newest.GetProperty("needsAttention").GetProperty("accepted").GetBoolean());
        Assert.Contains("complete, needs attention", (await _program.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains("\"attention\":[\"data: 4.9 KiB", _program.History, StringComparison.Ordinal);

        // It stays so with each backup until somebody looks, and what it lost is kept meanwhile.
        Assert.Equal(3, (await _program.RunAsync("backup")).ExitCode);
        Assert.Equal(5, Archives);
        Assert.Contains("Nothing is pruned in the store 'local'", shrunken.Errors, StringComparison.Ordinal);

        Assert.Contains("is much smaller than those before it. data: 4.9 KiB", (await _program.RunAsync("restore", "latest", "--to", _program.Path("look"))).Errors, StringComparison.Ordinal);

        var accepted = await _program.RunAsync("accept", "--all");
        var next = await _program.RunAsync("backup");

        Assert.Equal((0, 0), (accepted.ExitCode, next.ExitCode));
        Assert.Equal(3, Archives);
        await AssertRestoresAsync("latest", Size / 20);
        Assert.DoesNotContain(large, (await _program.RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_of_the_usual_size_after_it_lets_pruning_go_on_and_the_small_one_counts_for_nothing()
    {
        await BackUpThreeTimesAsync();
        Write(Size / 20);
        await _program.RunAsync("backup");
        Write(Size);

        var back = await _program.RunAsync("backup");

        Assert.Equal(0, back.ExitCode);
        Assert.DoesNotContain("Nothing is pruned", back.Errors, StringComparison.Ordinal);
        var listed = (await _program.RunAsync("list", "--json")).Json.EnumerateArray().ToList();
        Assert.Equal(3, listed.Count);
        Assert.DoesNotContain(listed, backup => backup.TryGetProperty("needsAttention", out _));
        await AssertRestoresAsync("latest", Size);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_directory_that_has_become_empty_is_not_called_backed_up()
    {
        var large = await BackUpThreeTimesAsync();
        File.Delete(_program.Path("source", "letter.txt"));

        var empty = await _program.RunAsync("backup");

        Assert.Equal(3, empty.ExitCode);
        var newest = (await _program.RunAsync("list", "--json")).Json[0];
        Assert.Equal("partial", newest.GetProperty("state").GetString());
        Assert.Equal("incomplete", newest.GetProperty("sources")[0].GetProperty("state").GetString());
        Assert.Contains("0 B, where the last good backups had 97.7 KiB (100 % less)", empty.Errors, StringComparison.Ordinal);
        Assert.Equal(4, Archives);
        await AssertRestoresAsync(large, Size);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_small_database_without_its_only_table_is_not_called_backed_up()
    {
        (_program.Settings["BACKUP_DIRS"], _program.Settings["BACKUP_SQLITE"]) = (null, $"{_program.Path("notes.db")}:notes");
        await SqlAsync("CREATE TABLE notes(text); INSERT INTO notes VALUES('one'), ('two');");
        await BackUpThreeTimesAsync();
        await SqlAsync("DROP TABLE notes;");

        var empty = await _program.RunAsync("backup");

        Assert.Equal(3, empty.ExitCode);
        Assert.Contains("0 rows or keys, where the last good backups had 2 rows or keys (100 % less)", empty.Errors, StringComparison.Ordinal);
        Assert.Equal("partial", (await _program.RunAsync("list", "--json")).Json[0].GetProperty("state").GetString());
        Assert.Equal(4, Archives);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Half_of_it_is_a_warning()
    {
        await BackUpThreeTimesAsync();
        Write(Size / 2);

        var smaller = await _program.RunAsync("backup");

        Assert.Equal(0, smaller.ExitCode);
        Assert.Contains("[WARN] data: 48.8 KiB, where the last good backups had 97.7 KiB (50 % less).", smaller.Errors, StringComparison.Ordinal);
    }

    private string? Newest => _program.Stored.Where(name => name.EndsWith(".gpg", StringComparison.Ordinal)).Max(StringComparer.Ordinal);

    private int Archives => _program.Stored.Count(name => name.EndsWith(".gpg", StringComparison.Ordinal));

    private async Task SqlAsync(string sql)
    {
        using var sqlite = Process.Start("sqlite3", [_program.Path("notes.db"), sql]);
        await sqlite.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, sqlite.ExitCode);
    }

    private void Write(int size) => File.WriteAllText(_program.Path("source", "letter.txt"), new string('x', size));

    /// <summary>Returns the timestamp of the newest.</summary>
    private async Task<string> BackUpThreeTimesAsync()
    {
        for (var number = 0; number < 3; number++)
            Assert.Equal(0, (await _program.RunAsync("backup")).ExitCode);
        return (await _program.RunAsync("list", "--json")).Json[0].GetProperty("timestamp").GetString()!; // Each has one.
    }

    private async Task AssertRestoresAsync(string backup, int size)
    {
        var ended = await _program.RunAsync("restore", backup, "--yes");

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(new string('x', size), File.ReadAllText(_program.Path("source", "letter.txt")));
    }
}
