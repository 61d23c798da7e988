using System.Globalization;
using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Databases.MySql;

/// <summary>
/// MySQL and MariaDB by their own dump tools, as SQL. The password goes to the tools by their environment only. A dump counts
/// when its tool ended well, its last line is the closing one, and no statement is open.
/// </summary>
/// <param name="uri">What to dump or to restore into; without a database: all of them.</param>
/// <param name="options">What the operator said of it.</param>
/// <param name="places">Where its tools run.</param>
/// <param name="patience">How long a dump or a restore waits for who is in its way; five minutes if not given.</param>
internal sealed class MysqlServer(Secret uri, DatabaseOptions options, ToolPlaces places, TimeSpan? patience = null) : IDatabaseEngine, ISqlEngine
{
    /// <summary>The longest that a server may take until its first answer.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);

    /// <summary>The longest that all questions before a dump or a restore may take: a server with very many tables needs its time.</summary>
    private static readonly TimeSpan CheckTime = TimeSpan.FromMinutes(5);

    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMinutes(5);

    public string Product => "MySQL/MariaDB";

    public Task<ServerFacts> CheckAsync(CancellationToken cancellation) => InTimeAsync(
        CheckTime,
        async limited =>
        {
            var session = await InTimeAsync(AnswerTime, OpenAsync, limited);
            var tool = await session.DumpToolAsync(limited);
            var inventory = await MysqlInventory.TakeAsync(session, options, limited);
            await new MysqlCheck(session, tool, inventory).RunAsync(limited);
            return new ServerFacts(inventory.Tables.Sum(table => table.Bytes));
        },
        cancellation);

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        var session = await OpenAsync(cancellation);
        var tool = await session.DumpToolAsync(cancellation);
        var inventory = await MysqlInventory.TakeAsync(session, options, cancellation);
        if (session.Database.Length > 0)
            destination.Write(await CharacterSetAsync(session, cancellation));
        var rows = await RunDumpAsync(session, tool, [.. MysqlDump.Options(session, tool, inventory), .. MysqlDump.Scope(session, inventory)], inventory, destination, cancellation);
        if (MysqlDump.HasUsers(session, tool))
            await RunDumpAsync(session, tool, MysqlDump.UsersOptions, inventory, destination, cancellation);
        return new DumpFacts(tool.ToString(), session.Server.ToString(), MysqlDump.Consistency(session, tool, inventory))
        {
            Via = session.Connection.Place.Via,
            Counts = rows,
        };
    }

    public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => InTimeAsync(
        CheckTime,
        async limited =>
        {
            await (await InTimeAsync(AnswerTime, token => RestoreOfAsync(wanted, token), limited)).CheckAsync(limited);
            return true;
        },
        cancellation);

    /// <summary>
    /// Makes the database equal to the dump. What that leaves when it fails: see <see cref="MysqlRestore"/>.
    /// </summary>
    /// <param name="dump">Read from its start, where need be twice.</param>
    /// <param name="wanted">How.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        var restore = await RestoreOfAsync(wanted, cancellation);
        await InTimeAsync(
            CheckTime,
            async limited =>
            {
                await restore.CheckAsync(limited);
                return true;
            },
            cancellation);
        await restore.RunAsync(dump, cancellation);
    }

    /// <summary>Asks the server itself: a dump of it would need the users that its views name, who need not be there.</summary>
    public async Task<FoundCounts> CountAsync(CancellationToken cancellation)
    {
        var session = await OpenAsync(cancellation);
        var inventory = await MysqlInventory.TakeAsync(session, options, cancellation);
        var hasHistory = MysqlDump.HasHistory(session, await session.DumpToolAsync(cancellation), inventory);
        var rows = await session.Connection.QueryAsync(string.Concat(inventory.Tables.Where(table => table.HoldsRows).Select(Count)), null, cancellation);
        return new FoundCounts(rows.ToDictionary(row => row[0], row => long.Parse(row[1], CultureInfo.InvariantCulture)));

        string Count(MysqlTable table)
        {
            var name = session.Database.Length > 0 ? table.Name : $"{table.Database}.{table.Name}";
            var history = hasHistory && table.Kind == "SYSTEM VERSIONED" ? " FOR SYSTEM_TIME ALL" : "";
            return $"SELECT {MysqlText.Literal(name)}, COUNT(*) FROM {MysqlText.Name(table.Database, table.Name)}{history};\n";
        }
    }

    public async Task<IReadOnlyList<string>> FirstColumnAsync(string sql, CancellationToken cancellation)
    {
        var session = await OpenAsync(cancellation);
        return [.. (await session.Connection.QueryAsync(sql.TrimEnd().TrimEnd(';') + ";", session.Database.Length > 0 ? session.Database : null, cancellation)).Select(row => row[0])];
    }

    private async Task<MysqlRestore> RestoreOfAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        if (!wanted.IsTrusted)
        {
            throw new DatabaseException(
                "nobody vouches for this dump, and a dump is text that can hold commands of any kind: it is not given to a client. "
                + "Set BACKUP_ENCRYPTION_KEY or BACKUP_SIGNING_KEY for future backups; restore this one by hand as its RESTORE.txt says");
        }
        var server = Parse();
        var family = wanted.Tool is { } tool ? MysqlTool.FamilyOf(tool) : MysqlFamily.MariaDb;
        // The database may be missing.
        var session = await MysqlSession.OpenAsync(server, database: null, options, places, family, cancellation);
        return new MysqlRestore(session, server.Database, wanted.DatabaseAs, _patience);
    }

    /// <summary>Runs a dump tool, sees that what it writes is whole, and returns the rows of each table in it.</summary>
    private async Task<IReadOnlyDictionary<string, long>> RunDumpAsync(
        MysqlSession session, MysqlTool tool, IEnumerable<string> arguments, MysqlInventory inventory, Stream destination, CancellationToken cancellation)
    {
        await using var check = new MysqlDumpCheck();
        var watch = new ServerWatch(session, inventory.Databases, _patience);
        var result = await watch.GuardAsync(
            async guarded =>
            {
                await using var dump = await session.Connection.Place.StartAsync(session.Connection.Command(tool, arguments) with { EndsWithUs = true }, guarded);
                dump.StandardInput.Close();
                await PumpAsync(dump, guarded);
                return await dump.WaitAsync(guarded);
            },
            cancellation);
        if (!result.Succeeded)
            throw new DatabaseException($"{tool.Program} failed ({result.ExitCode}): {result.Ending}");
        return check.Problem is { } problem
            ? throw new DatabaseException($"{tool.Program} ended well, but its dump is not whole: {problem}. {result.LastWords}".TrimEnd())
            : check.Rows;

        async Task PumpAsync(IRunningTool dump, CancellationToken guarded)
        {
            var isOurs = false;
            try
            {
                await ProgramStreams.PumpAsync(dump.StandardOutput, Take, dump.Kill, guarded);
            }
            catch (IOException error) when (!isOurs)
            {
                throw new DatabaseException($"the dump broke off: {error.Message}", error);
            }

            bool Take(byte[] chunk, int length)
            {
                // Only the server's time counts, not ours; and what fails here is the disk that the dump goes to.
                isOurs = true;
                watch.Hold();
                destination.Write(chunk, 0, length);
                check.Take(chunk.AsSpan(0, length));
                watch.Release();
                isOurs = false;
                return true;
            }
        }
    }

    /// <summary>How the dump of a single database begins.</summary>
    public static ReadOnlySpan<byte> HeadOfOne => "ALTER DATABASE CHARACTER SET "u8;

    /// <summary>A statement for the head of a single database's dump, which the tools leave out: it has no name in it, and is for the database in use.</summary>
    private static async Task<byte[]> CharacterSetAsync(MysqlSession session, CancellationToken cancellation)
    {
        var rows = await session.Connection.QueryAsync("SELECT @@character_set_database, @@collation_database;", session.Database, cancellation);
        return Encoding.ASCII.GetBytes($"ALTER DATABASE CHARACTER SET {rows[0][0]} COLLATE {rows[0][1]};\n");
    }

    private Task<MysqlSession> OpenAsync(CancellationToken cancellation)
    {
        var server = Parse();
        return MysqlSession.OpenAsync(server, server.Database.Length > 0 ? server.Database : null, options, places, MysqlFamily.MariaDb, cancellation);
    }

    private MysqlUri Parse() =>
        MysqlUri.TryParse(uri.Reveal(), out var parts, out var problem)
            ? parts
            : throw new DatabaseException($"The URI cannot be used: {problem}");

    private static async Task<T> InTimeAsync<T>(TimeSpan time, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(time);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new DatabaseException($"the server did not answer within {time.TotalSeconds:F0} s");
        }
    }
}
