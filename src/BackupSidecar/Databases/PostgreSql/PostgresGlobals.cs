using System.Text;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// What belongs to a server as a whole, and to no database: roles with their memberships, and tablespaces, by pg_dumpall. Without
/// the right to read passwords the roles are dumped without them, and the manifest says so.
/// </summary>
internal sealed class PostgresGlobals(PostgresAccess access) : IDatabaseEngine
{
    private const string End = "-- PostgreSQL database cluster dump complete";
    private const int TailBytes = 1024;

    /// <summary>A backslash in a string is one: else a string could end elsewhere than we think.</summary>
    private const string Head = "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n";

    public string Product => "PostgreSQL";

    public async Task<ServerFacts> CheckAsync(CancellationToken cancellation)
    {
        var connection = await access.ConnectToServerAsync(cancellation);
        await DumpAsync(connection, await MayReadPasswordsAsync(connection, cancellation), Stream.Null, cancellation);
        return new ServerFacts();
    }

    public async Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation)
    {
        var connection = await access.ConnectToServerAsync(cancellation);
        var withPasswords = await MayReadPasswordsAsync(connection, cancellation);
        var script = await DumpAsync(connection, withPasswords, destination, cancellation);
        return new DumpFacts(
            $"pg_dumpall {connection.Client.Version}", $"PostgreSQL {connection.Server}",
            withPasswords ? "roles and tablespaces (pg_dumpall)" : "roles without their passwords, and tablespaces (pg_dumpall)")
        {
            Via = connection.Place.Via,
            Counts = new Dictionary<string, long> { ["roles"] = script.Roles.Count, ["tablespaces"] = script.Tablespaces.Count },
        };
    }

    public async Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation)
    {
        CheckIsTrusted(wanted);
        if (wanted.DatabaseAs is not null)
            throw new DatabaseException("roles and tablespaces belong to the server: there is no database to restore under another name.");
        await access.ConnectToServerAsync(cancellation);
    }

    /// <summary>Creates the roles and tablespaces that are missing, and leaves the others as they are.</summary>
    public async Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation)
    {
        CheckIsTrusted(wanted);
        var connection = await access.ConnectToServerAsync(cancellation);
        var script = new GlobalsScript();
        await ProgramStreams.PumpAsync(dump, (chunk, length) => Take(script, chunk, length), () => { }, cancellation);
        if (script.Odd is { } odd)
        {
            throw new DatabaseException(
                $"the dump of roles and tablespaces holds something that pg_dumpall never writes ({odd} …), so nothing of it was run. "
                + "Look at the file (restore --to a folder) before you run any of it by hand.");
        }
        await RestoreRolesAsync(connection, script, wanted, cancellation);
        if (!wanted.IsIntoScratch)
            await RestoreTablespacesAsync(connection, script, wanted, cancellation);
    }

    private static async Task RestoreRolesAsync(
        PostgresConnection connection, GlobalsScript script, DumpRestore wanted, CancellationToken cancellation)
    {
        var there = (await connection.ListAsync("SELECT rolname FROM pg_roles", cancellation)).ToHashSet();
        var statements = script.ForMissingRoles(there);
        if (statements.Count > 0)
            await RunAsync(connection, statements, cancellation);
        if (!wanted.IsIntoScratch)
            Tell("roles", script.Roles, there, wanted);
    }

    private static async Task RestoreTablespacesAsync(
        PostgresConnection connection, GlobalsScript script, DumpRestore wanted, CancellationToken cancellation)
    {
        if (script.Tablespaces.Count == 0)
            return;
        var there = (await connection.ListAsync("SELECT spcname FROM pg_tablespace", cancellation)).ToHashSet();
        try
        {
            await connection.ExecuteAsync(script.ForMissingTablespaces(there) is { Count: > 0 } statements ? statements : ["SELECT"], cancellation);
            Tell("tablespaces", script.Tablespaces, there, wanted);
        }
        catch (DatabaseException error)
        {
            // Their directories may be missing on a new host, where nothing need lie in them.
            wanted.Notice($"Not all missing tablespaces could be created: {error.Message}");
        }
    }

    private static void Tell(string what, IReadOnlyList<string> dumped, HashSet<string> there, DumpRestore wanted)
    {
        if (dumped.Where(name => !there.Contains(name)).ToList() is { Count: > 0 } created)
            wanted.Notice($"Missing {what} have been created: {string.Join(", ", created)}.");
        if (dumped.Where(there.Contains).ToList() is { Count: > 0 } left)
            wanted.Notice($"These {what} were there already and are left as they are: {string.Join(", ", left)}.");
    }

    /// <summary>In one transaction. The statements hold hashes of passwords, so they go where arguments cannot be seen.</summary>
    /// <remarks>
    /// psql obeys commands of its own in what it reads, and some of them run programs here. So it reads none of the dump's text:
    /// each statement is a value in hexadecimal digits, which the server gives back as text, and that goes to the server as it is.
    /// </remarks>
    private static async Task RunAsync(PostgresConnection connection, IReadOnlyList<string> statements, CancellationToken cancellation)
    {
        await using var psql = await connection.StartAsync(
            "psql", ["-XAtq", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file=-"], cancellation);
        var script = Encoding.ASCII.GetBytes(Head + string.Concat(statements.Select(Encoded)));
        ProgramStreams.TryWrite(psql.StandardInput, script, script.Length);
        psql.StandardInput.Close();
        await ProgramStreams.PumpAsync(psql.StandardOutput, (_, _) => true, psql.Kill, cancellation);
        var result = await psql.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw PostgresConnection.Failed("psql failed, and the roles are as they were before", result);
    }

    private static string Encoded(string statement) =>
        $"SELECT convert_from(decode('{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(statement))}', 'hex'), 'UTF8') \\gexec\n";

    private static async Task<GlobalsScript> DumpAsync(
        PostgresConnection connection, bool withPasswords, Stream destination, CancellationToken cancellation)
    {
        string[] options = withPasswords ? ["--globals-only"] : ["--globals-only", "--no-role-passwords"];
        await using var dump = await connection.StartAsync("pg_dumpall", options, cancellation);
        dump.StandardInput.Close();
        var script = new GlobalsScript();
        var tail = new List<byte>();
        await ProgramStreams.PumpAsync(dump.StandardOutput, Keep, dump.Kill, cancellation);
        var result = await dump.WaitAsync(cancellation);
        if (!result.Succeeded)
            throw PostgresConnection.Failed("pg_dumpall failed", result);
        if (!Encoding.UTF8.GetString(tail.ToArray()).Contains(End, StringComparison.Ordinal))
            throw PostgresConnection.Failed("pg_dumpall ended well but its script does not: it is not whole", result);
        return script;

        bool Keep(byte[] chunk, int length)
        {
            destination.Write(chunk, 0, length);
            tail.AddRange(chunk.AsSpan(0, length));
            tail.RemoveRange(0, Math.Max(0, tail.Count - TailBytes));
            return Take(script, chunk, length);
        }
    }

    private static bool Take(GlobalsScript script, byte[] chunk, int length)
    {
        script.Take(chunk.AsSpan(0, length));
        return true;
    }

    private static async Task<bool> MayReadPasswordsAsync(PostgresConnection connection, CancellationToken cancellation) =>
        await connection.AskAsync("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')", cancellation) == "t";

    /// <summary>Roles have rights and passwords: who makes one up owns the server.</summary>
    private static void CheckIsTrusted(DumpRestore wanted)
    {
        if (!wanted.IsTrusted)
        {
            throw new DatabaseException(
                "nobody vouches for this dump, and it could make anybody a superuser. Set BACKUP_ENCRYPTION_KEY or BACKUP_SIGNING_KEY for future backups; "
                + "restore this one by hand as its RESTORE.txt says, or name the databases to restore with --only.");
        }
    }
}
