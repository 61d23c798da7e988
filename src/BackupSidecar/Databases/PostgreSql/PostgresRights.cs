using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// Finds what a dump would read and may not. A rehearsal of the schema finds most of it, because it locks every table; but
/// sequences, rows that a policy hides, and large objects show only where the data is read.
/// </summary>
internal static class PostgresRights
{
    private const int FirstWithRowSecurity = 90500;

    private const string Unreadable =
        """
        SELECT c.relkind::text || n.nspname || E'\t' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
          AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
        ORDER BY 1 LIMIT 5000
        """;

    private const string LargeObjects =
        """
        SELECT current_setting('is_superuser') = 'off' AND current_setting('lo_compat_privileges') = 'off'
          AND EXISTS (SELECT FROM pg_largeobject_metadata m WHERE NOT pg_has_role(m.lomowner, 'USAGE') AND NOT EXISTS (
            SELECT FROM aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))))
        """;

    /// <exception cref="DatabaseException">Something may not be read; the message names it and what to grant.</exception>
    public static async Task CheckAsync(PostgresConnection connection, DatabaseOptions options, CancellationToken cancellation)
    {
        if (connection.Server.Number < FirstWithRowSecurity)
            return;
        var found = (await connection.ListAsync(Unreadable, cancellation))
            .Select(row => (IsSequence: row[0] == 'S', Name: row[1..].Split('\t', 2)))
            .Where(each => !IsExcluded(each.Name, each.IsSequence, options))
            .Select(each => $"{(each.IsSequence ? "sequence" : "table")} {SqlText.Name(each.Name[0])}.{SqlText.Name(each.Name[1])}")
            .ToList();
        if (found.Count > 0)
        {
            throw new DatabaseException(
                $"permission denied: {string.Join(", ", found.Take(5))}{(found.Count > 5 ? $" and {found.Count - 5} more" : "")} cannot be read whole. "
                + "The user needs pg_read_all_data (or SELECT on them), and BYPASSRLS where row level security is on.");
        }
        if (await connection.AskAsync(LargeObjects, cancellation) == "t")
            throw new DatabaseException("permission denied: there are large objects that the user may not read (GRANT SELECT ON LARGE OBJECT, or their owner's role).");
    }

    /// <summary>The values of a sequence count as data, and an excluded table takes its own sequences along only if a pattern names them.</summary>
    private static bool IsExcluded(string[] name, bool isSequence, DatabaseOptions options) =>
        options.ExcludedTables.Any(pattern => SqlText.Matches(pattern, name[0], name[1]))
        || (!isSequence && options.ExcludedTableData.Any(pattern => SqlText.Matches(pattern, name[0], name[1])));
}
