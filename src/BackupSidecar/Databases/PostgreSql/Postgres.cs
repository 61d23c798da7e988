using System.Globalization;
using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// One PostgreSQL database, by pg_dump's custom format, which pg_restore reads for checking while it is made. How it comes back
/// stands in <see cref="PostgresRestore"/>; what belongs to the server as a whole in <see cref="PostgresGlobals"/>.
/// </summary>
/// <param name="access">The way to the server.</param>
/// <param name="database">The database.</param>
/// <param name="options">What of it is left out.</param>
/// <param name="lockPatience">How long a restore waits while somebody holds what it replaces; five minutes if not given.</param>
internal sealed class Postgres(PostgresAccess access, string database, DatabaseOptions options, TimeSpan? lockPatience = null) : IDatabaseEngine, ISqlEngine
{
    // Without a limit a dump would wait as long as somebody holds a table, with services stopped.
    private const string LockTimeout = "--lock-wait-timeout=5min";
    private const string ShortLockTimeout = "--lock-wait-timeout=10s";

    /// <summary>For the rehearsal. A schema that takes longer has shown its first fault by then.</summary>
    private static readonly TimeSpan RehearsalTime = TimeSpan.FromSeconds(20);

    private readonly PostgresRestore _restore = new(access, database, lockPatience ?? TimeSpan.FromMinutes(5));
    private PostgresConnection? _checked;

    public string Product => "PostgreSQL";

    /// <summary>
    /// Asks for the version, and dumps the schema into nothing: this locks every table for reading, as the dump will, so that
    /// a missing right shows before anything is stopped.
    /// </summary>
    public async Task<ServerFacts> CheckAsync(CancellationToken cancellation)
    {
        var connection = await access.ConnectAsync(database, cancellation);
        await RehearseAsync(connection, cancellation);
        await PostgresRights.CheckAsync(connection, options, cancellation);
        var bytes = await connection.AskAsync("SELECT pg_database_size(current_database())", cancellation);
        _checked = connection;
        return new ServerFacts(long.Parse(bytes, CultureInfo.InvariantCulture));
    }

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        // Services may stand still: what the check has found is not looked for again.
        var connection = _checked ?? await access.ConnectAsync(database, cancellation);
        var (place, client) = await access.ReaderAsync(connection, cancellation);
        await using var check = await DumpCheck.StartAsync(place, client, cancellation);
        await using var dump = await connection.StartAsync(
            "pg_dump", ["--format=custom", "--compress=0", LockTimeout, .. Exclusions()], cancellation);
        dump.StandardInput.Close();

        var isWanted = await ProgramStreams.PumpAsync(dump.StandardOutput, Take, Kill, cancellation);
        if (!isWanted)
            dump.Kill();
        var dumped = await dump.WaitAsync(cancellation);

        // When pg_dump dies, pg_restore complains too; the first one knows why.
        if (isWanted && !dumped.Succeeded)
            throw PostgresConnection.Failed("pg_dump failed", dumped with { LastWords = dumped.LastWords + await LockHoldersAsync(connection, dumped.LastWords, cancellation) });
        if (await check.CompleteAsync(cancellation) is { } unread)
            throw new DatabaseException($"the dump could not be checked: {unread}");
        return new DumpFacts($"pg_dump {connection.Client.Version}", $"PostgreSQL {connection.Server}", "single-transaction snapshot (pg_dump)")
        {
            Via = connection.Place.Via,
            Counts = check.Counts,
        };

        bool Take(byte[] chunk, int length)
        {
            destination.Write(chunk, 0, length);
            check.Take(chunk.AsSpan(0, length));
            return !check.HasEnded;
        }

        void Kill()
        {
            dump.Kill();
            check.Kill();
        }
    }

    public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => _restore.CheckAsync(wanted, cancellation);

    public Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation) => _restore.RunAsync(dump, wanted, cancellation);

    public async Task<IReadOnlyList<string>> FirstColumnAsync(string sql, CancellationToken cancellation)
    {
        var connection = await access.ConnectAsync(database, cancellation);
        var rows = await connection.RunScriptAsync(sql, cancellation);
        return [.. rows.Select(row => row[0])];
    }

    private async Task RehearseAsync(PostgresConnection connection, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(RehearsalTime);
        await using var rehearsal = await connection.StartAsync(
            "pg_dump", ["--schema-only", "--file=/dev/null", ShortLockTimeout, .. Exclusions()], cancellation);
        rehearsal.StandardInput.Close();
        try
        {
            var result = await rehearsal.WaitAsync(limit.Token);
            if (!result.Succeeded)
                throw PostgresConnection.Failed("pg_dump cannot read the database", result with { LastWords = result.LastWords + await LockHoldersAsync(connection, result.LastWords, cancellation) });
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is large, and nothing has been wrong with it so far.
        }
    }

    private IEnumerable<string> Exclusions() =>
        options.ExcludedTables.Select(pattern => "--exclude-table=" + pattern)
            .Concat(options.ExcludedTableData.Select(pattern => "--exclude-table-data=" + pattern));

    /// <summary>Who is in the way, if it was a lock that pg_dump could not get: it quotes the statement then, in whatever language it speaks.</summary>
    private static async Task<string> LockHoldersAsync(PostgresConnection connection, string lastWords, CancellationToken cancellation)
    {
        if (!lastWords.Contains("LOCK TABLE", StringComparison.Ordinal))
            return "";
        try
        {
            var holders = await connection.AskAsync(PostgresLockWatch.ExclusiveHolders, cancellation);
            return holders.Length > 0 ? $"\nIn the way is {holders}. End that, or stop it during the backup (BACKUP_STOP_SERVICES)." : "";
        }
        catch (DatabaseException)
        {
            // What pg_dump said must do.
            return "";
        }
    }
}
