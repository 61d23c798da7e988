using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// How a dump comes back: all or nothing, in one transaction, which replaces the objects that the dump holds and leaves others
/// alone. A database that is missing is made as the dumped one was; roles that the dump needs and the server lacks too, without login.
/// </summary>
/// <param name="access">The way to the server.</param>
/// <param name="database">The database to replace.</param>
/// <param name="lockPatience">How long to wait while somebody holds what is replaced.</param>
internal sealed class PostgresRestore(PostgresAccess access, string database, TimeSpan lockPatience)
{
    private const int FirstMajorWithNewerFormat = 16;
    private const int FirstMajorWithNewestFormat = 17;

    /// <exception cref="DatabaseException">What is wanted is not possible.</exception>
    public async Task CheckAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        var target = await FindTargetAsync(wanted, cancellation);
        await target.CheckCanBeCreatedAsync(cancellation);
        var client = target.Connection.Client;
        if (PostgresClient.MajorOf(wanted.Tool) is { } major && Format(major) > Format(client.Major))
        {
            throw new DatabaseException(
                $"the dump was made by {wanted.Tool}, and pg_restore {client.Version} ({target.Connection.Place.Via}) cannot read it. Restore it into a server of version {major} or newer.");
        }
    }

    public async Task RunAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        var found = await FindTargetAsync(wanted, cancellation);
        var (head, content) = await DumpHead.ReadAsync(found.Connection, dump, cancellation);
        await using var whole = content;
        await MissingRoles.CreateAsync(found.Connection, head.Roles, wanted.Notice, cancellation);
        if (found.Exists)
        {
            await LoadAsync(found.Connection, whole, wanted, "the database is as it was before", cancellation);
            return;
        }
        var made = await found.CreateAsync(head, cancellation);
        var isLoaded = false;
        try
        {
            await LoadAsync(made.Connection, whole, wanted, $"the database {SqlText.Name(made.Name)}, which had been made for it, is removed again", cancellation);
            isLoaded = true;
        }
        finally
        {
            if (!isLoaded && !await made.TryDropAsync(found.Connection))
                wanted.Notice($"The database {SqlText.Name(made.Name)}, which had been made for the restore, could not be removed; it is empty.");
        }
        if (!wanted.IsIntoScratch)
            wanted.Notice($"The database {SqlText.Name(made.Name)} was missing and has been made.");
        await SetPropertiesAsync(found.Connection, made.Name, head, wanted, cancellation);
    }

    /// <summary>Archive formats that an older pg_restore refuses.</summary>
    private static int Format(int major) => major < FirstMajorWithNewerFormat ? 0 : Math.Min(major, FirstMajorWithNewestFormat);

    private async Task<TargetDatabase> FindTargetAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        var target = await TargetDatabase.FindAsync(access, wanted.DatabaseAs ?? database, cancellation);
        if (wanted.DatabaseAs is not null)
            await target.CheckIsEmptyAsync(cancellation);
        return target;
    }

    private async Task LoadAsync(PostgresConnection connection, Stream dump, DumpRestore wanted, string afterFailure, CancellationToken cancellation)
    {
        var application = $"backup-sidecar-restore-{Guid.NewGuid():N}";
        var watch = new PostgresLockWatch(application, connection, lockPatience);
        await using var restore = await connection.StartAsync(
            "pg_restore", ["--clean", "--if-exists", "--exit-on-error", "--single-transaction", .. Placing(wanted)], cancellation, application);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watching = watch.WatchAsync(ended.Token);
        ProcessResult result;
        try
        {
            result = await FeedAsync(restore, dump, cancellation);
        }
        catch (OperationCanceledException)
        {
            await watch.EndSessionAsync(CancellationToken.None);
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
        }
        if (result.Succeeded)
            return;
        throw new DatabaseException(watch.Blocker is { } blocker
            ? $"it was given up after {lockPatience.TotalSeconds:F0} s of waiting, and {afterFailure}. In the way is {blocker}. "
                + "End that, or stop it during the restore (BACKUP_STOP_SERVICES)."
            : PostgresConnection.Failed($"pg_restore failed, and {afterFailure}", result).Message + Advice(result));
    }

    private static string[] Placing(DumpRestore wanted) => wanted.IsIntoScratch ? ["--no-tablespaces"] : [];

    private static async Task<ProcessResult> FeedAsync(IRunningTool restore, Stream dump, CancellationToken cancellation)
    {
        var printing = ProgramStreams.PumpAsync(restore.StandardOutput, (_, _) => true, restore.Kill, cancellation);
        await ProgramStreams.PumpAsync(
            dump, (chunk, length) => ProgramStreams.TryWrite(restore.StandardInput, chunk, length), restore.Kill, cancellation);
        restore.StandardInput.Close();
        await printing;
        return await restore.WaitAsync(cancellation);
    }

    private static string Advice(ProcessResult restored) => restored.LastWords.Contains("other objects depend on it", StringComparison.Ordinal)
        ? "\nSomething was added since the backup that depends on what it replaces: drop that first, or restore beside it with --database-as."
        : "";

    /// <summary>Owner, rights and settings of the database as a whole. They are text of the dump, and run only if somebody vouches for it.</summary>
    private static async Task SetPropertiesAsync(
        PostgresConnection server, string database, DumpHead head, DumpRestore wanted, CancellationToken cancellation)
    {
        var statements = head.Properties(database);
        if (statements.Count == 0)
            return;
        if (!wanted.IsTrusted)
        {
            wanted.Notice($"Owner, rights and settings of the database {SqlText.Name(database)} as a whole were not restored, because nobody vouches for the dump.");
            return;
        }
        try
        {
            // Not in the database itself: its name is in the encoding of the one that it was made from.
            await server.ExecuteAsync(statements, cancellation);
        }
        catch (DatabaseException error)
        {
            wanted.Notice($"Owner, rights and settings of the database {SqlText.Name(database)} as a whole are not all restored: {error.Message}");
        }
    }
}
