namespace BackupSidecar.Configuration;

/// <summary>What restore drills may use, and what must be true of what they restore.</summary>
internal sealed record DrillSettings
{
    /// <summary>BACKUP_DRILL_MEMORY: bytes for a scratch server.</summary>
    public long Memory { get; init; } = 1L << 30;

    /// <summary>BACKUP_DRILL_CPUS: processors for a scratch server.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>BACKUP_DRILL_TIMEOUT: the longest that one assertion may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>BACKUP_DRILL_SQL and its numbered keys.</summary>
    public IReadOnlyList<SqlAssertion> Assertions { get; init; } = [];

    /// <summary>BACKUP_DRILLS_DIR: holds a folder of *.sql for each source.</summary>
    public string Directory { get; init; } = "/drills";

    /// <summary>BACKUP_DRILL_REPORT_STORE: the store that gets each report as well, or null.</summary>
    public string? ReportStore { get; init; }
}

/// <summary>SQL whose rows must all begin with true. <paramref name="Source"/>: which database is asked, or null for the only one.</summary>
internal sealed record SqlAssertion(string Variable, string? Source, string Sql);
