using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Stack;

/// <summary>
/// Restores in a whole stack that are watched, fail or are killed in the middle. Somebody's lock on a table holds a restore
/// where the services are stopped and nothing is replaced yet, for as long as a test wants.
/// </summary>
public sealed class RestoreScenarioTests(StackFixture stack) : IClassFixture<StackFixture>, IAsyncLifetime
{
    private const string Digest = "cd /data/app && find . -path ./heartbeat -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum";

    private string _backedUp = "";
    private string _spoiled = "";

    public async ValueTask InitializeAsync()
    {
        await SqlAsync("DROP TABLE IF EXISTS orders; CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, 2000) i");
        await ShellAsync("mkdir -p /data/app/docs && cd /data/app/docs && for i in $(seq 50); do seq $i > \"file $i.txt\"; done");
        _backedUp = await StateAsync();
        Assert.Equal(0, (await stack.ExecAsync("backup", "backup-now")).ExitCode);
        await SqlAsync("DELETE FROM orders WHERE id % 2 = 0");
        await ShellAsync("cd /data/app && rm docs/file\\ 1*.txt && echo new > intruder");
        _spoiled = await StateAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = 120_000)]
    public async Task The_app_stands_still_while_its_data_is_replaced_and_runs_afterwards()
    {
        await LockAsync();
        var restore = RestoreAsync();
        await UntilRestoreWaitsAsync();

        Assert.False(await stack.IsRunningAsync("app"));
        await UnlockAsync();
        var result = await restore;

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.True(await stack.IsRunningAsync("app"));
        Assert.Equal(_backedUp, await StateAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_database_that_goes_away_in_the_middle_leaves_everything_as_it_was_and_the_app_running()
    {
        await LockAsync();
        var restore = RestoreAsync();
        await UntilRestoreWaitsAsync();

        await stack.KillAsync("db");
        var result = await restore;

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("could not be restored: pg_restore failed, and the database is as it was before", result.Errors, StringComparison.Ordinal);
        Assert.True(await stack.IsRunningAsync("app"));
        await stack.StartAsync("db");
        await UntilAsync(async () => (await stack.ExecAsync("db", "pg_isready", "--quiet", "--host=127.0.0.1")).ExitCode == 0);
        Assert.Equal(_spoiled, await StateAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_sidecar_that_is_killed_in_the_middle_of_a_restore_leaves_everything_as_it_was_and_starts_the_app()
    {
        await LockAsync();
        var restore = RestoreAsync();
        await UntilRestoreWaitsAsync();

        await stack.KillAsync("backup");
        await restore;
        await UnlockAsync();
        Assert.False(await stack.IsRunningAsync("app"));
        await stack.StartAsync("backup");

        await UntilAsync(() => stack.IsRunningAsync("app"));
        Assert.Equal(_spoiled, await StateAsync());
        Assert.Empty(await ShellAsync("find /data/app /backups -name '.backup-sidecar-*'"));
        var again = await RestoreAsync();
        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Equal(_backedUp, await StateAsync());
    }

    private Task<ExecResult> RestoreAsync() => stack.ExecAsync("backup", "restore", "latest", "--yes");

    /// <summary>Holds a lock that lets everybody read, and nobody drop the table.</summary>
    private async Task LockAsync()
    {
        await StackFixture.DockerAsync(
            "exec", "--detach", stack.ContainerOf("db"), "psql", "--username=postgres", "--dbname=app", "-Xc", "BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE; SELECT pg_sleep(100)");
        await UntilAsync(async () => await SqlAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1\n");
    }

    private Task<string> UnlockAsync() => SqlAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");

    private Task UntilRestoreWaitsAsync() => UntilAsync(async () =>
        await SqlAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query NOT LIKE '%pg_stat_activity%'") == "1\n");

    /// <summary>Every row and every file. An aborted restore's end is waited for, as its transaction holds the table.</summary>
    private async Task<string> StateAsync() =>
        await SqlAsync("SELECT count(*) || ' ' || md5(string_agg(id || note, ',' ORDER BY id)) FROM orders") + await ShellAsync(Digest);

    private async Task<string> ShellAsync(string script)
    {
        var result = await stack.ExecAsync("backup", "bash", "-c", script);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Errors);
    }

    private async Task<string> SqlAsync(string sql)
    {
        var result = await stack.ExecAsync("db", "psql", "--username=postgres", "--dbname=app", "-XAtc", sql);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Errors);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(50, limit.Token);
    }
}
