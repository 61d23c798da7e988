namespace BackupSidecar.Databases.MySql;

/// <summary>The arguments of a dump, by family and version of tool and server.</summary>
internal static class MysqlDump
{
    private static readonly Version HistoryVersion = new(10, 11);
    private static readonly Version UsersVersion = new(10, 6);

    /// <summary>How: one snapshot, everything that belongs to a database, and text that any client takes back.</summary>
    public static IEnumerable<string> Options(MysqlSession session, MysqlTool tool, MysqlInventory inventory)
    {
        string[] options =
        [
            "--single-transaction", "--quick", "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces",
            "--comments", "--skip-dump-date", "--max-allowed-packet=1G",
        ];
        string[] ofFamily = tool.Version.Family == MysqlFamily.MySql
            ? ["--set-gtid-purged=OFF", "--loose-column-statistics=0"]
            : HasHistory(session, tool, inventory) ? ["--dump-history"] : [];
        return [.. options, .. ofFamily, .. inventory.Excluded.Select(table => $"--ignore-table={table.Database}.{table.Name}")];
    }

    /// <summary>What: one database without its name, so that it can be restored under another; or all with their names.</summary>
    public static IEnumerable<string> Scope(MysqlSession session, MysqlInventory inventory) => session.Database.Length > 0
        ? ["--", session.Database]
        : ["--add-drop-database", "--databases", "--", .. inventory.Databases];

    /// <summary>Whether the rows that system-versioned tables held before can be dumped and restored.</summary>
    public static bool HasHistory(MysqlSession session, MysqlTool tool, MysqlInventory inventory) =>
        tool.Version.Family == MysqlFamily.MariaDb && tool.Version.Number >= HistoryVersion && session.Server.Number >= HistoryVersion
        && inventory.Tables.Any(table => table.Kind == "SYSTEM VERSIONED");

    /// <summary>Whether users, roles and grants go with all databases: only MariaDB's tool writes them as statements.</summary>
    public static bool HasUsers(MysqlSession session, MysqlTool tool) =>
        session is { Database.Length: 0, Server.Family: MysqlFamily.MariaDb } && tool.Version.Number >= UsersVersion;

    /// <summary>Users, roles and grants: those that are there stay, and get what the backup grants them.</summary>
    public static IEnumerable<string> UsersOptions => ["--system=users", "--insert-ignore", "--comments", "--skip-dump-date"];

    /// <summary>What the content of a dump is, in words.</summary>
    public static string Consistency(MysqlSession session, MysqlTool tool, MysqlInventory inventory)
    {
        var without = inventory.Tables.Count(table => table is { HoldsRows: true, HasTransactions: false });
        var words = without == 0
            ? "single-transaction snapshot"
            : $"single-transaction snapshot, except for {without} table{(without == 1 ? "" : "s")} without transactions (MyISAM, Aria and the like)";
        if (inventory.Tables.Any(table => table.Kind == "SYSTEM VERSIONED") && !HasHistory(session, tool, inventory))
            words += "; without the history of system-versioned tables";
        if (session.Database.Length == 0)
            words += HasUsers(session, tool) ? "; with users and grants" : "; without users and grants";
        return $"{words} ({tool.Program})";
    }
}
