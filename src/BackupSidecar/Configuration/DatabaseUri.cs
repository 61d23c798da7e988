namespace BackupSidecar.Configuration;

/// <summary>A database's connection URI as its tools take it (a secret as a whole, because it holds a password), and what was said to us in it.</summary>
internal sealed record DatabaseUri(Secret Uri, DatabaseOptions Options);

/// <summary>What the parameters of ours (<c>?backup.name=…&amp;backup.exclude_table=…</c>) say of one database. Lists are separated by commas.</summary>
internal sealed record DatabaseOptions
{
    /// <summary>backup.name: stands in the entry's name in place of the database's, or null.</summary>
    public string? Name { get; init; }

    /// <summary>backup.via: where its tools run, or null for BACKUP_DUMP_VIA.</summary>
    public DumpVia? Via { get; init; }

    /// <summary>backup.exclude_table: tables (MongoDB: collections) that are left out; with the patterns that the engine's tool knows.</summary>
    public IReadOnlyList<string> ExcludedTables { get; init; } = [];

    /// <summary>backup.exclude_table_data: tables whose rows are left out (PostgreSQL).</summary>
    public IReadOnlyList<string> ExcludedTableData { get; init; } = [];

    /// <summary>backup.exclude_database: databases that are left out where all of a server's are meant.</summary>
    public IReadOnlyList<string> ExcludedDatabases { get; init; } = [];
}
