using System.Globalization;
using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.MySql;

/// <summary>A table, view or sequence, with what its server says of it.</summary>
/// <param name="Database">Its database.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">BASE TABLE, VIEW, SEQUENCE or SYSTEM VERSIONED.</param>
/// <param name="HasTransactions">Whether its engine has snapshots: MyISAM and Aria have none.</param>
/// <param name="Bytes">Of its rows, about.</param>
internal sealed record MysqlTable(string Database, string Name, string Kind, bool HasTransactions, long Bytes)
{
    /// <summary>Whether it has rows of its own.</summary>
    public bool HoldsRows => Kind is "BASE TABLE" or "SYSTEM VERSIONED";
}

/// <summary>What will be dumped of a server: the databases, their tables, and those that the operator leaves out.</summary>
internal sealed record MysqlInventory(IReadOnlyList<string> Databases, IReadOnlyList<MysqlTable> Tables, IReadOnlyList<MysqlTable> Excluded)
{
    private static readonly string[] SystemDatabases = ["information_schema", "performance_schema", "mysql", "sys"];

    public static async Task<MysqlInventory> TakeAsync(MysqlSession session, DatabaseOptions options, CancellationToken cancellation)
    {
        var databases = session.Database.Length > 0 ? [session.Database] : await DatabasesAsync(session, options, cancellation);
        // A table that cannot be opened has no engine, and is left to whoever reads it.
        var rows = await session.Connection.QueryAsync(
            $"""
            SET SESSION lock_wait_timeout = 5;
            SELECT t.table_schema, t.table_name, t.table_type, COALESCE(e.transactions, 'NO'), COALESCE(t.data_length, 0)
            FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
            WHERE t.table_schema IN {MysqlText.List(databases)} ORDER BY 1, 2;
            """, null, cancellation);
        var all = rows.Select(row => new MysqlTable(row[0], row[1], row[2], row[3] == "YES", long.Parse(row[4], CultureInfo.InvariantCulture)))
            .ToLookup(table => options.ExcludedTables.Any(name => name == table.Name || name == $"{table.Database}.{table.Name}"));
        return new MysqlInventory(databases, [.. all[false]], [.. all[true]]);
    }

    /// <summary>All that hold what users have stored.</summary>
    private static async Task<IReadOnlyList<string>> DatabasesAsync(MysqlSession session, DatabaseOptions options, CancellationToken cancellation)
    {
        var rows = await session.Connection.QueryAsync("SELECT schema_name FROM information_schema.schemata ORDER BY 1;", null, cancellation);
        var names = rows.Select(row => row[0]).Where(name => !SystemDatabases.Contains(name) && !name.StartsWith("#mysql50#", StringComparison.Ordinal))
            .Except(options.ExcludedDatabases).ToList();
        return names.Count > 0 ? names : throw new DatabaseException("the server has no database beside its own, or the user may see none");
    }
}
