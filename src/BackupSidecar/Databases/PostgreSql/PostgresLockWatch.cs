namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// Watches over a pg_restore that may wait for somebody's lock. pg_restore itself waits for ever: the dump that it reads switches
/// any limit off. So the server is asked now and then who is in the way, and a session that has waited too long is ended there.
/// </summary>
/// <param name="application">The name under which the watched session is known to the server.</param>
/// <param name="connection">The way to ask the server.</param>
/// <param name="patience">How long the session may stand still.</param>
internal sealed class PostgresLockWatch(string application, PostgresConnection connection, TimeSpan patience)
{
    /// <summary>Asks who has locked a table of this database against reading, or waits to do so.</summary>
    public const string ExclusiveHolders =
        $"""
        SELECT string_agg(DISTINCT {Description} || ' at ' || l.relation::regclass, ', ')
        FROM pg_locks l JOIN pg_stat_activity b USING (pid)
        WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private const string Description =
        "format('process %s of %s (%s, %s)', b.pid, b.usename, coalesce(nullif(b.application_name, ''), 'no name'), coalesce(b.state, 'no state'))";

    /// <summary>Who was in the way when the session was ended; null if it was not.</summary>
    public string? Blocker { get; private set; }

    /// <summary>Watches until the token fires. A server that does not answer is asked again; whoever talks to it will notice.</summary>
    public async Task WatchAsync(CancellationToken ended)
    {
        var pause = TimeSpan.FromTicks(Math.Min(patience.Ticks / 4, TimeSpan.FromSeconds(5).Ticks));
        var waited = TimeSpan.Zero;
        try
        {
            while (Blocker is null)
            {
                await Task.Delay(pause, ended);
                var blockers = await AskAsync(Blockers(), ended);
                waited = blockers.Length > 0 ? waited + pause : TimeSpan.Zero;
                Blocker = waited >= patience ? blockers : null;
            }
            await EndSessionAsync(ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The restore is over: by itself, or because its session has just been ended here.
        }
    }

    /// <summary>
    /// Ends the session at the server. Without its program it would go on waiting there, and everybody else behind it.
    /// </summary>
    public Task EndSessionAsync(CancellationToken cancellation) =>
        AskAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{application}'", cancellation);

    private string Blockers() =>
        $"""
        SELECT string_agg(DISTINCT {Description}, ', ')
        FROM pg_stat_activity w JOIN pg_stat_activity b ON b.pid = ANY (pg_blocking_pids(w.pid))
        WHERE w.application_name = '{application}'
        """;

    private async Task<string> AskAsync(string sql, CancellationToken cancellation)
    {
        try
        {
            return await connection.AskAsync(sql, cancellation);
        }
        catch (DatabaseException)
        {
            return "";
        }
    }
}
