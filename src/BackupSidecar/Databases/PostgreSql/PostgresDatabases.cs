using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>Which databases a server has.</summary>
internal static class PostgresDatabases
{
    /// <summary>Those that can be connected to, without templates and those that are left out (names, or patterns with '*' and '?'), in order.</summary>
    /// <exception cref="DatabaseException">The server cannot be asked.</exception>
    public static async Task<IReadOnlyList<string>> ListAsync(PostgresAccess access, DatabaseOptions options, CancellationToken cancellation)
    {
        var connection = await access.ConnectToServerAsync(cancellation);
        var all = await connection.ListAsync("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate", cancellation);
        return [.. all
            .Where(name => !options.ExcludedDatabases.Any(pattern => pattern == name || SqlText.Matches(pattern, "", name)))
            .Order(StringComparer.Ordinal)];
    }
}
