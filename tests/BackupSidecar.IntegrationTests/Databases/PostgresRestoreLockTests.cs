using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class PostgresRestoreLockTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private const string SessionsOfOurs = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backup-sidecar%';";

    private const string Waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted;";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restore_into_what_somebody_holds_is_given_up_and_says_who_holds_it()
    {
        var (database, dump) = await DumpedAsync();
        await using var holder = await HoldAsync(database);

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => Engine(database, TimeSpan.FromSeconds(2)).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, Cancellation));

        Assert.Contains("of postgres (the holder, idle in transaction)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("as it was before", failure.Message, StringComparison.Ordinal);
        await UntilAsync(SessionsOfOurs, "0");
        Assert.Equal("1", await server.QueryAsync(database, "SELECT v FROM t;"));
    }

    [Fact]
    public async Task An_interrupted_restore_leaves_no_session_that_waits_at_the_server()
    {
        var (database, dump) = await DumpedAsync();
        await using var holder = await HoldAsync(database);
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var restoring = Engine(database, TimeSpan.FromMinutes(5)).RestoreAsync(dump, new DumpRestore { IsTrusted = true }, interrupted.Token);
        await UntilAsync(Waiting, "1");
        await interrupted.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restoring);
        await UntilAsync(Waiting, "0");
    }

    [Fact]
    public async Task A_table_that_somebody_holds_is_found_before_anything_is_stopped_with_who_holds_it()
    {
        var (database, _) = await DumpedAsync();
        await using var holder = await HoldAsync(database, "LOCK TABLE t; SELECT 1");

        var failure = await Assert.ThrowsAsync<DatabaseException>(() => Engine(database, TimeSpan.FromSeconds(2)).CheckAsync(Cancellation));

        Assert.Contains("In the way is process ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("of postgres (the holder, idle in transaction) at t", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A session ends a moment after it was told to. The test's own limit of time ends the waiting.</summary>
    private async Task UntilAsync(string query, string answer)
    {
        while (await server.QueryAsync("postgres", query) != answer)
            Cancellation.ThrowIfCancellationRequested();
    }

    private Postgres Engine(string database, TimeSpan patience) => PostgresTools.Engine(server.Uri(database), database, patience: patience);

    private async Task<(string Database, MemoryStream Dump)> DumpedAsync()
    {
        var database = await server.CreateDatabaseAsync();
        await server.QueryAsync(database, "CREATE TABLE t(v int); INSERT INTO t VALUES (1);");
        var dump = new MemoryStream();
        await Engine(database, TimeSpan.FromMinutes(1)).DumpAsync(dump, Cancellation);
        dump.Position = 0;
        return (database, dump);
    }

    /// <summary>A client that has read the table in a transaction that it does not end.</summary>
    private async Task<RunningProcess> HoldAsync(string database, string statement = "SELECT v FROM t")
    {
        var uri = server.Uri(database).Reveal();
        var holder = RunningProcess.Start(new Command("psql", "-XAtq", $"{uri}?application_name=the%20holder"));
        await holder.StandardInput.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"BEGIN; {statement};\n"), Cancellation);
        await holder.StandardInput.FlushAsync(Cancellation);
        // Its answer shows that it holds the lock.
        await holder.StandardOutput.ReadExactlyAsync(new byte[2], Cancellation);
        return holder;
    }
}
