using System.Runtime.ExceptionServices;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>The database that a dump goes into, which may not be there yet.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Exists">Whether it is there.</param>
/// <param name="Connection">To it, or if it is missing to another of the server's.</param>
internal sealed record TargetDatabase(string Name, bool Exists, PostgresConnection Connection)
{
    /// <summary>What people make in a database. What comes with extensions or the system does not count, nor does a schema called public.</summary>
    private const string IsEmpty =
        """
        WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
        SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE oid IN (SELECT oid FROM own) AND nspname <> 'public')
          AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace IN (SELECT oid FROM own))
          AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
          AND NOT EXISTS (SELECT FROM pg_type WHERE typnamespace IN (SELECT oid FROM own))
          AND NOT EXISTS (SELECT FROM pg_largeobject_metadata)
        """;

    /// <summary>Looks for it.</summary>
    /// <exception cref="DatabaseException">The server cannot be used, or the database is there and cannot.</exception>
    public static async Task<TargetDatabase> FindAsync(PostgresAccess access, string name, CancellationToken cancellation)
    {
        DatabaseException failure;
        try
        {
            return new TargetDatabase(name, Exists: true, await access.ConnectAsync(name, cancellation));
        }
        catch (DatabaseException error)
        {
            failure = error;
        }
        if (await TryConnectToServerAsync(access, cancellation) is { } server
            && await server.AskAsync($"SELECT count(*) FROM pg_database WHERE datname = {SqlText.String(name)}", cancellation) == "0")
        {
            return new TargetDatabase(name, Exists: false, server);
        }
        ExceptionDispatchInfo.Throw(failure);
        throw failure;
    }

    /// <exception cref="DatabaseException">It is missing, and the user may not create it.</exception>
    public async Task CheckCanBeCreatedAsync(CancellationToken cancellation)
    {
        if (!Exists && await Connection.AskAsync("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user", cancellation) != "t")
            throw new DatabaseException($"the database {SqlText.Name(Name)} is not there, and the user may not create it. Create it (createdb), or ALTER ROLE … CREATEDB.");
    }

    /// <exception cref="DatabaseException">It holds something already.</exception>
    public async Task CheckIsEmptyAsync(CancellationToken cancellation)
    {
        if (Exists && await Connection.AskAsync(IsEmpty, cancellation) != "t")
            throw new DatabaseException($"the database {SqlText.Name(Name)} is there and not empty. Name one that is not there yet.");
    }

    /// <summary>Makes it as the dumped one was made.</summary>
    public async Task<TargetDatabase> CreateAsync(DumpHead head, CancellationToken cancellation)
    {
        await Connection.ExecuteAsync([head.CreateDatabase(Name)], cancellation);
        return this with { Exists = true, Connection = Connection.To(Name) };
    }

    /// <summary>Removes it; false if that was not possible.</summary>
    public async Task<bool> TryDropAsync(PostgresConnection server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            // The session of a pg_restore that was killed ends a moment later.
            await server.ExecuteAsync(
                [$"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {SqlText.String(Name)}", $"DROP DATABASE {SqlText.Name(Name)}"], limit.Token);
            return true;
        }
        catch (Exception error) when (error is DatabaseException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<PostgresConnection?> TryConnectToServerAsync(PostgresAccess access, CancellationToken cancellation)
    {
        try
        {
            return await access.ConnectToServerAsync(cancellation);
        }
        catch (DatabaseException)
        {
            // What kept us from the database itself says more.
            return null;
        }
    }
}
