using System.Globalization;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// Gives a dump to a server. Its statements commit by themselves, so there is no rolling back. A database that holds something
/// is therefore replaced only by a dump that was loaded whole into a scratch database first: if both hold nothing but tables,
/// they change places at once; else the dump is loaded a second time, in the place of the old database.
/// </summary>
/// <param name="session">The server.</param>
/// <param name="database">The database of the URI; empty for all of them, which the dump itself names.</param>
/// <param name="databaseAs">The database to make instead.</param>
/// <param name="patience">How long it waits for who holds what it replaces.</param>
internal sealed class MysqlRestore(MysqlSession session, string database, string? databaseAs, TimeSpan patience)
{
    private const string ScratchPrefix = "backup_sidecar_restore_";

    private readonly string _target = databaseAs ?? database;

    private bool IsOfAll => database.Length == 0;

    /// <summary>Whether it is possible, before anything is touched.</summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        if (IsOfAll && databaseAs is not null)
            throw new DatabaseException("--database-as is for the dump of one database; this one holds all of a server");
        var missing = (await MysqlCheck.GrantsAsync(session, cancellation))
            .Missing(IsOfAll ? null : _target, "CREATE", "DROP", "ALTER", "INSERT", "LOCK TABLES");
        if (missing.Count > 0)
            throw new DatabaseException($"the user lacks {string.Join(", ", missing)} on {(IsOfAll ? "*" : MysqlText.Name(_target))}.*");
        if (databaseAs is not null && await HoldsAnythingAsync(databaseAs, cancellation))
            throw new DatabaseException($"the database '{databaseAs}' holds something already; --database-as makes a new one");
    }

    public async Task RunAsync(Stream dump, CancellationToken cancellation)
    {
        await RequireSameScopeAsync(dump, cancellation);
        if (IsOfAll)
            await LoadAsync(dump, into: null, "and the databases of the server may hold a part of the backup", cancellation);
        else if (!await HoldsAnythingAsync(_target, cancellation))
            await FillAsync(dump, _target, "and nothing of it was left behind", cancellation);
        else
            await ReplaceAsync(dump, cancellation);
    }

    /// <summary>
    /// The dump of one database begins with a statement of ours for the database in use, and names none. That of all databases
    /// replaces every one that it names, whatever database it is loaded into.
    /// </summary>
    private async Task RequireSameScopeAsync(Stream dump, CancellationToken cancellation)
    {
        var head = new byte[64];
        var length = await dump.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        dump.Position = 0;
        var isOfAll = !head.AsSpan(0, length).StartsWith(MysqlServer.HeadOfOne);
        if (isOfAll && !IsOfAll)
            throw new DatabaseException($"this dump holds all databases of a server, and the URI means '{database}' alone. Restore it with a URI without a database. Nothing was touched");
        if (!isOfAll && IsOfAll)
            throw new DatabaseException("this dump holds one database without its name, and the URI means all of a server. Name the database in the URI. Nothing was touched");
    }

    /// <summary>Loads the dump into a database that is missing or empty, and that is so again after a failure.</summary>
    private async Task FillAsync(Stream dump, string into, string afterFailure, CancellationToken cancellation)
    {
        var found = await CharacterSetAsync(into, cancellation);
        await QueryAsync($"CREATE DATABASE IF NOT EXISTS {MysqlText.Name(into)} CHARACTER SET utf8mb4;", cancellation);
        try
        {
            await LoadAsync(dump, into, afterFailure, cancellation);
        }
        catch
        {
            await TryDropAsync(into, found is null ? "" : $"CREATE DATABASE {MysqlText.Name(into)} {found};");
            throw;
        }
    }

    private async Task ReplaceAsync(Stream dump, CancellationToken cancellation)
    {
        var scratch = ScratchPrefix + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12];
        if (await MayCreateAsync(scratch, cancellation))
        {
            await FillAsync(dump, scratch, $"and the database '{_target}' is as it was before", cancellation);
            try
            {
                if (await HoldTablesOnlyAsync(scratch, cancellation))
                {
                    await ExchangeAsync(scratch, cancellation);
                    return;
                }
            }
            finally
            {
                await TryDropAsync(scratch);
            }
            dump.Position = 0;
        }
        await DropAsync(cancellation);
        await LoadAsync(dump, _target, $"and the database '{_target}' holds a part of the backup, and nothing of what was there before", cancellation);
    }

    /// <summary>A user with rights on one database only may not make a scratch one; then the dump is not tried first.</summary>
    private async Task<bool> MayCreateAsync(string scratch, CancellationToken cancellation) =>
        (await MysqlCheck.GrantsAsync(session, cancellation)).Missing(scratch, "CREATE", "DROP", "ALTER", "INSERT", "LOCK TABLES").Count == 0;

    /// <summary>Whether tables could take each other's places: what else there is knows the name of its database.</summary>
    private async Task<bool> HoldTablesOnlyAsync(string scratch, CancellationToken cancellation)
    {
        var both = MysqlText.List([scratch, _target]);
        var rows = await QueryAsync(
            $"""
            SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN {both} AND table_type <> 'BASE TABLE')
              + (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema IN {both})
              + (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema IN {both})
              + (SELECT COUNT(*) FROM information_schema.events WHERE event_schema IN {both})
              + (SELECT COUNT(*) FROM information_schema.referential_constraints
                 WHERE (unique_constraint_schema IN {both} OR constraint_schema IN {both}) AND unique_constraint_schema <> constraint_schema);
            """, cancellation);
        return rows is [["0"]];
    }

    /// <summary>All tables change places in one statement, which is done whole or not at all.</summary>
    private async Task ExchangeAsync(string scratch, CancellationToken cancellation)
    {
        var old = scratch + "_old";
        var moves = (await TablesAsync(_target, cancellation)).Select(table => Move(table, _target, old))
            .Concat((await TablesAsync(scratch, cancellation)).Select(table => Move(table, scratch, _target))).ToList();
        try
        {
            await QueryAsync($"CREATE DATABASE {MysqlText.Name(old)}; ALTER DATABASE {MysqlText.Name(_target)} {await CharacterSetAsync(scratch, cancellation)};", cancellation);
            await QueryAsync(moves.Count > 0 ? $"RENAME TABLE {string.Join(", ", moves)};" : "", cancellation);
        }
        catch (DatabaseException error)
        {
            // A crash in the middle of an exchange may have left old tables there.
            if (!await HoldsAnythingAsync(old, CancellationToken.None))
                await TryDropAsync(old);
            throw new DatabaseException($"the tables could not be exchanged, and the database '{_target}' is as it was before: {error.Message}", error);
        }
        await TryDropAsync(old);

        static string Move(string table, string from, string to) => $"{MysqlText.Name(from, table)} TO {MysqlText.Name(to, table)}";
    }

    /// <summary>The character set of a database, as the statements that make or alter one take it; null if there is no such database.</summary>
    private async Task<string?> CharacterSetAsync(string name, CancellationToken cancellation)
    {
        var rows = await QueryAsync(
            $"SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = {MysqlText.Literal(name)};", cancellation);
        return rows is [[var characters, var collation]] ? $"CHARACTER SET {characters} COLLATE {collation}" : null;
    }

    private async Task DropAsync(CancellationToken cancellation)
    {
        try
        {
            var name = MysqlText.Name(_target);
            await QueryAsync($"SET SESSION foreign_key_checks = 0; DROP DATABASE {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4;", cancellation);
        }
        catch (DatabaseException error)
        {
            throw new DatabaseException($"the old database '{_target}' could not be removed: {error.Message}", error);
        }
    }

    private async Task LoadAsync(Stream dump, string? into, string afterFailure, CancellationToken cancellation)
    {
        List<string> arguments = [.. session.Connection.Harmless, "--max-allowed-packet=1G", "--init-command=" + LockTimeout];
        if (into is not null)
            arguments.Add("--database=" + into);
        var watch = new ServerWatch(session, [], Timeout.InfiniteTimeSpan);
        try
        {
            var result = await watch.GuardAsync(guarded => FeedAsync(session.Connection.Command(session.Connection.Client, arguments) with { EndsWithUs = true }, dump, watch, guarded), cancellation);
            if (!result.Succeeded)
                throw new DatabaseException(MysqlConnection.Failed(result).Message + Advice(result));
        }
        catch (DatabaseException error)
        {
            throw new DatabaseException($"{session.Connection.Client.Program} failed, {afterFailure}: {error.Message}", error);
        }
    }

    private async Task<ProcessResult> FeedAsync(Command command, Stream dump, ServerWatch watch, CancellationToken cancellation)
    {
        await using var client = await session.Connection.Place.StartAsync(command, cancellation);
        var output = ProgramStreams.PumpAsync(client.StandardOutput, (_, _) => true, client.Kill, cancellation);
        await ProgramStreams.PumpAsync(dump, Give, client.Kill, cancellation);
        client.StandardInput.Close();
        await output;
        return await client.WaitAsync(cancellation);

        bool Give(byte[] chunk, int length)
        {
            watch.Release();
            return ProgramStreams.TryWrite(client.StandardInput, chunk, length);
        }
    }

    private static string Advice(ProcessResult result) => result.LastWords switch
    {
        var words when words.Contains("ERROR 1153", StringComparison.Ordinal) || words.Contains("ERROR 2006", StringComparison.Ordinal) || words.Contains("ERROR 2013", StringComparison.Ordinal) =>
            "\nIf the server itself is well, a row of the dump is longer than it takes: raise its max_allowed_packet (SET GLOBAL max_allowed_packet = 1073741824).",
        var words when words.Contains("ERROR 1227", StringComparison.Ordinal) =>
            "\nViews, routines, triggers and events that belong to another user need the right SET USER (MariaDB), SET_ANY_DEFINER (MySQL) or SUPER: restore as root.",
        _ => "",
    };

    private async Task<bool> HoldsAnythingAsync(string name, CancellationToken cancellation)
    {
        var text = MysqlText.Literal(name);
        var rows = await QueryAsync(
            $"""
            SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = {text})
              + (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = {text})
              + (SELECT COUNT(*) FROM information_schema.events WHERE event_schema = {text});
            """, cancellation);
        return rows is not [["0"]];
    }

    private async Task<IReadOnlyList<string>> TablesAsync(string name, CancellationToken cancellation) =>
        [.. (await QueryAsync($"SELECT table_name FROM information_schema.tables WHERE table_schema = {MysqlText.Literal(name)};", cancellation)).Select(row => row[0])];

    private string LockTimeout => $"SET SESSION lock_wait_timeout = {Math.Ceiling(patience.TotalSeconds):F0}";

    private Task<IReadOnlyList<string[]>> QueryAsync(string sql, CancellationToken cancellation) =>
        session.Connection.QueryAsync($"{LockTimeout}; {sql}", null, cancellation);

    /// <summary>Clears up, also after a cancellation; what stays is named by nobody but has a name that tells what it was.</summary>
    private async Task TryDropAsync(string name, string then = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await session.Connection.TryQueryAsync($"SET SESSION lock_wait_timeout = 30; SET SESSION foreign_key_checks = 0; DROP DATABASE IF EXISTS {MysqlText.Name(name)}; {then}", null, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The server has gone; so has what would be cleared up, or it is there to be seen.
        }
    }
}
