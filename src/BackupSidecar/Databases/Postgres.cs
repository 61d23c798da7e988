using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>
/// PostgreSQL by pg_dump's custom format. Each dump is read by pg_restore while it is made: a dump that ends too early can look
/// like a good one to everybody but pg_restore. The password goes to the tools by their environment only.
/// </summary>
/// <param name="uri">What to dump or to restore into.</param>
/// <param name="database">The database if the URI names none.</param>
/// <param name="clients">The installed clients.</param>
/// <param name="lockPatience">How long a restore waits while somebody holds what it replaces; five minutes if not given.</param>
internal sealed class Postgres(Secret uri, string database, PostgresClients clients, TimeSpan? lockPatience = null) : IDatabaseEngine
{
    // Without a limit a dump would wait as long as somebody holds a table, with services stopped.
    private const string LockTimeout = "--lock-wait-timeout=5min";

    public string Product => "PostgreSQL";

    /// <summary>
    /// Asks for the version, and dumps the schema into nothing: this locks every table for reading, as the dump will, so that
    /// a missing right shows before anything is stopped.
    /// </summary>
    public async Task<ServerFacts> CheckAsync(CancellationToken cancellation)
    {
        var (client, _) = await ConnectAsync(cancellation);
        await using var rehearsal = RunningProcess.Start(
            WithPassword(client, "pg_dump", application: null, "--schema-only", "--file=/dev/null", LockTimeout));
        rehearsal.StandardInput.Close();
        var result = await rehearsal.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw Failed("pg_dump cannot read the database", result);
        return new ServerFacts();
    }

    public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => CheckAsync(cancellation);

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        var (client, server) = await ConnectAsync(cancellation);
        await using var checker = PostgresDumpCheck.Start(client);
        await using var dump = RunningProcess.Start(WithPassword(client, "pg_dump", application: null, "--format=custom", "--compress=0", LockTimeout));
        dump.StandardInput.Close();

        var refused = !await ProgramStreams.PumpAsync(dump.StandardOutput, Take, Kill, cancellation);
        if (refused)
            dump.Kill();
        var dumped = await dump.WaitAsync(cancellation);

        // When pg_dump dies, pg_restore complains too; the first one knows why.
        if (!refused && !dumped.Succeeded)
            throw Failed("pg_dump failed", dumped);
        if (await checker.CompleteAsync(cancellation) is { } unread)
            throw new DatabaseException($"the dump could not be checked: {unread}");
        return new DumpFacts($"pg_dump {client.Version}", $"PostgreSQL {server}", "single-transaction snapshot (pg_dump)");

        bool Take(byte[] chunk, int length)
        {
            destination.Write(chunk, 0, length);
            checker.Take(chunk.AsSpan(0, length));
            return !checker.HasEnded;
        }

        void Kill()
        {
            dump.Kill();
            checker.Kill();
        }
    }

    /// <summary>All or nothing: in one transaction, which replaces the objects that the dump holds and leaves others alone.</summary>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        var (client, _) = await ConnectAsync(cancellation);
        var application = $"backup-sidecar-restore-{Guid.NewGuid():N}";
        var patience = lockPatience ?? TimeSpan.FromMinutes(5);
        var watch = new PostgresLockWatch(application, sql => Ask(client, sql), patience);
        await using var restore = RunningProcess.Start(
            WithPassword(client, "pg_restore", application, "--clean", "--if-exists", "--exit-on-error", "--single-transaction"));
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
            ? $"it was given up after {patience.TotalSeconds:F0} s of waiting, and the database is as it was before. In the way is {blocker}. "
                + "End that, or stop it during the restore (BACKUP_STOP_SERVICES)."
            : Failed("pg_restore failed, and the database is as it was before", result).Message + Advice(result));
    }

    private static async Task<ProcessResult> FeedAsync(RunningProcess restore, Stream dump, CancellationToken cancellation)
    {
        await ProgramStreams.PumpAsync(
            dump, (chunk, length) => ProgramStreams.TryWrite(restore.StandardInput, chunk, length), restore.Kill, cancellation);
        restore.StandardInput.Close();
        return await restore.WaitAsync(cancellation);
    }

    private static string Advice(ProcessResult restored) => restored.LastWords switch
    {
        var words when words.Contains("other objects depend on it", StringComparison.Ordinal) =>
            "\nSomething was added since the backup that depends on what it replaces: drop that first, or restore into an empty database.",
        var words when words.Contains("role \"", StringComparison.Ordinal) && words.Contains("does not exist", StringComparison.Ordinal) =>
            "\nRoles belong to the server and are not part of a database's dump: create the role first.",
        _ => "",
    };

    private static string ConnectAdvice(ProcessResult asked) =>
        asked.LastWords.Contains("FATAL:  database \"", StringComparison.Ordinal) && asked.LastWords.EndsWith("does not exist", StringComparison.Ordinal)
            ? ". To restore into it, create it first (createdb); it may be empty."
            : "";

    /// <summary>Connects, and chooses the client for the server's version.</summary>
    private async Task<(PostgresClient Client, string Server)> ConnectAsync(CancellationToken cancellation)
    {
        var newest = await clients.NewestAsync(cancellation);
        var (result, output) = await RunningProcess.RunAsync(
            Ask(newest, "SHOW server_version_num"), cancellation);
        if (!result.Succeeded)
            throw new DatabaseException(Failed("the server cannot be used", result).Message + ConnectAdvice(result));
        if (!int.TryParse(output.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new DatabaseException("The server does not say its version; is it PostgreSQL?");

        var client = await clients.ForServerAsync(number / 10000, cancellation);
        var server = number >= 100000 ? $"{number / 10000}.{number % 10000}" : $"{number / 10000}.{number / 100 % 100}.{number % 100}";
        if (client.Major < number / 10000)
        {
            throw new DatabaseException(
                $"The server is PostgreSQL {server}, and pg_dump {client.Version} cannot read it. "
                + $"Install the PostgreSQL client of version {number / 10000} or newer (in the image: a build argument).");
        }
        return (client, server);
    }

    private Command Ask(PostgresClient client, string sql) => WithPassword(client, "psql", application: null, "-XAt", "--command=" + sql);

    private Command WithPassword(PostgresClient client, string program, string? application, params IEnumerable<string> arguments)
    {
        var split = LibpqUri.Split(uri);
        // Of two values for one parameter the later one counts.
        var address = application is null
            ? split.WithoutPassword
            : split.WithoutPassword + (split.WithoutPassword.Contains('?') ? '&' : '?') + "application_name=" + application;
        // What the URI itself says has precedence over these variables.
        var environment = new Dictionary<string, string> { ["PGCONNECT_TIMEOUT"] = "15", ["PGDATABASE"] = database };
        if (split.Password is not null)
            environment["PGPASSWORD"] = split.Password;
        return new Command(client.Program(program), [.. arguments, "--no-password", "--dbname=" + address])
        {
            Environment = environment,
        };
    }

    private static DatabaseException Failed(string what, ProcessResult result) =>
        new(result.LastWords.Length > 0 ? $"{what}: {result.LastWords}" : $"{what} (exit code {result.ExitCode}, without a word).");
}
