using System.Diagnostics;

namespace BackupSidecar.Tests.Commands;

/// <summary>What a drill says that needs no server: SQLite databases and what the operator asserts of them.</summary>
public sealed class DrillCommandTests : IDisposable
{
    private const int TimeLimit = 120_000;

    private readonly BuiltProgram _program = new();

    public DrillCommandTests()
    {
        using var made = Process.Start("sqlite3", [_program.Path("shop.db"), "create table users(v); insert into users values (1), (2), (3)"]);
        made.WaitForExit();
        _program.Settings["BACKUP_SQLITE"] = _program.Path("shop.db");
    }

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task What_came_back_and_is_not_what_was_asserted_is_not_told_as_broken_files()
    {
        _program.Settings["BACKUP_DRILL_SQL_1"] = "select count(*) > 3 from users";
        _program.Settings["BACKUP_DRILL_SQL_2"] = "select count(*) = 3 from users";
        _program.Settings["BACKUP_DRILL_SQL_3"] = "select v from users where v > 3";
        await _program.RunAsync("backup");
        await _program.RunAsync("backup");

        var one = await _program.RunAsync("verify", "--level", "restore");
        var all = await _program.RunAsync("verify", "--all", "--level", "restore");

        Assert.Equal((5, 5), (one.ExitCode, all.ExitCode));
        Assert.Contains("came back as it was backed up, but is not what is asserted of it", one.Output, StringComparison.Ordinal);
        Assert.Contains("BACKUP_DRILL_SQL_1: it is not true (select count(*) > 3 from users)", one.Output, StringComparison.Ordinal);
        Assert.Contains("BACKUP_DRILL_SQL_3: it gives no row (select v from users where v > 3)", one.Output, StringComparison.Ordinal);
        Assert.Contains(", restored, 1 of 1 count agrees, 1 of 3 assertions true", one.Output, StringComparison.Ordinal);
        Assert.All([one.Everything, all.Everything], text => Assert.DoesNotMatch("does not come back|beyond repair|--all", text));
        Assert.Contains("If an assertion asks too much, change it and verify once more", one.Errors, StringComparison.Ordinal);
        Assert.Contains("backup-sidecar accept TIMESTAMP", all.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task An_assertion_that_never_ends_is_ended_and_tells_nothing_of_the_backup()
    {
        _program.Settings["BACKUP_DRILL_SQL_1"] = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) > 0 from n";
        _program.Settings["BACKUP_DRILL_TIMEOUT"] = "1s";
        await _program.RunAsync("backup");

        var ended = await _program.RunAsync("verify", "--level", "restore");

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("Asking sqlite-shop.db.db what is asserted of it (1)", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("BACKUP_DRILL_SQL_1 cannot be run: it was not done after 1.0 s (BACKUP_DRILL_TIMEOUT)", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("recovery took", ended.Output, StringComparison.Ordinal);
    }
}
