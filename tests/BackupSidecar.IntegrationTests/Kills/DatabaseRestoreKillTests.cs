using BackupSidecar.Failpoints;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Reports;

namespace BackupSidecar.IntegrationTests.Kills;

/// <summary>A restore that dies when its database is there already, with a real server.</summary>
public sealed class DatabaseRestoreKillTests(PostgresServer server, CephServer s3) : IClassFixture<PostgresServer>
{
    [Fact(Timeout = 120_000)]
    public async Task A_restore_that_is_killed_after_its_database_says_so_and_can_be_done_again()
    {
        await using var stack = await BreakableStack.MakeAsync(Places.All[1], s3);
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync(database, "CREATE TABLE said (word text); INSERT INTO said VALUES ('saved');");
        stack.Set("BACKUP_POSTGRES", server.Uri(database).Reveal());
        stack.Set("BACKUP_DUMP_VIA", "client");
        Assert.Equal(0, (await stack.RunAsync(null, "backup")).ExitCode);
        await server.QueryAsync(database, "UPDATE said SET word = 'current';");
        await stack.WriteSourcesAsync("current");

        var killed = await stack.RunAsync($"Kill {Failpoint.DatabaseRestored}", "restore", "latest", "--yes");
        Assert.Contains($"FAILPOINT {Failpoint.DatabaseRestored}: Kill", killed.Errors, StringComparison.Ordinal);
        stack.LetTimePass();
        var next = await stack.RunAsync(null, "restore", "latest", "--yes");

        Assert.True(next.ExitCode == 0, next.Errors);
        Assert.Equal("saved", await server.QueryAsync(database, "SELECT word FROM said"));
        Assert.Equal("word = first\n", await File.ReadAllTextAsync(stack.PathOf("etc", "app.conf"), TestContext.Current.CancellationToken));
        Assert.Equal([RunOutcome.Succeeded, RunOutcome.Interrupted, RunOutcome.Succeeded], stack.History.Select(report => report.Outcome));
        await stack.CheckAsync("after the next restore");
        Assert.Empty(stack.Violations);
    }
}
