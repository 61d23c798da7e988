namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// Roles belong to the server and are in no database's dump. Those that a dump needs and the server lacks are created, so that
/// owners and rights come back; nobody can log in with them.
/// </summary>
internal static class MissingRoles
{
    /// <exception cref="DatabaseException">Some are missing and could not be created.</exception>
    public static async Task CreateAsync(
        PostgresConnection connection, IReadOnlyCollection<string> needed, Action<string> notice, CancellationToken cancellation)
    {
        if (needed.Count == 0)
            return;
        var there = (await connection.ListAsync("SELECT rolname FROM pg_roles", cancellation)).ToHashSet();
        var missing = needed.Where(role => !there.Contains(role)).Select(SqlText.Name).ToList();
        if (missing.Count == 0)
            return;
        var names = string.Join(", ", missing);
        try
        {
            await connection.ExecuteAsync([.. missing.Select(role => $"CREATE ROLE {role} NOLOGIN")], cancellation);
        }
        catch (DatabaseException error)
        {
            throw new DatabaseException($"the dump needs roles that are missing ({names}), and they could not be created. The database was not touched. {error.Message}", error);
        }
        notice($"Roles that the dump needs were missing and have been created without login and password: {names}. "
            + "To let somebody log in: ALTER ROLE … LOGIN PASSWORD ….");
    }
}
