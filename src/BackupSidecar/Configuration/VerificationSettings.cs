namespace BackupSidecar.Configuration;

/// <summary>How closely a copy is compared with what was sent, right after its upload.</summary>
internal enum VerifyAfter
{
    /// <summary>As closely as can be had at a reasonable price: by a checksum of the store's own, or by reading back, of large archives in samples.</summary>
    Auto,

    /// <summary>All of it is read back.</summary>
    Stored,

    /// <summary>Its size only.</summary>
    None,
}

/// <summary>How closely a scheduled verification looks at the newest backup; auto: as closely as can be done here.</summary>
internal enum ScheduledLevel
{
    Auto,
    Stored,
    Content,
    Restore,
}

/// <summary>What is verified without anybody asking.</summary>
internal sealed record VerificationSettings
{
    /// <summary>BACKUP_VERIFY_SCHEDULE as written, or null where it is off. Parsed by Scheduling.</summary>
    public string? Schedule { get; init; }

    public ScheduledLevel Level { get; init; } = ScheduledLevel.Auto;
}

/// <summary>The share of its usual size or counts, in percent, that a backup may lose before somebody is told; null: however much.</summary>
internal sealed record AnomalySettings
{
    /// <summary>BACKUP_ANOMALY_WARN.</summary>
    public int? Warn { get; init; } = 50;

    /// <summary>BACKUP_ANOMALY_FREEZE.</summary>
    public int? Freeze { get; init; } = 90;
}
