using BackupSidecar.Reports;

namespace BackupSidecar.Planning;

/// <summary>What the operator wants of a verification.</summary>
internal sealed record VerifyOptions
{
    /// <summary>"latest", a timestamp as archives carry it, or an archive's file name; null for all backups.</summary>
    public string? Backup { get; init; } = RestoreOptions.Latest;

    /// <summary>The only store to look into, or null for all of them.</summary>
    public string? Store { get; init; }

    /// <summary>Whether one backup is meant, whatever it may be, rather than what there is.</summary>
    public bool IsNamed => Backup is not (null or RestoreOptions.Latest);

    public VerificationLevel Level { get; init; } = VerificationLevel.Content;
}
