using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Input;

/// <summary>Refuses variables that look like settings and are none: a misspelt setting must not be passed over in silence.</summary>
internal static class UnknownNames
{
    /// <summary>What hooks get from us. A hook may call this program again, and hands them on.</summary>
    private static readonly HashSet<string> OfHooks =
    [
        "BACKUP_RUN_ID", "BACKUP_PHASE", "BACKUP_TIMESTAMP", "BACKUP_OUTCOME", "BACKUP_ARCHIVE_NAME", "BACKUP_ARCHIVE_BYTES",
        "BACKUP_PROBLEMS",
    ];

    /// <summary>Settings of later generations of docker-backup-sidecar, and what takes their place here.</summary>
    private static readonly Dictionary<string, string> NotSupported = new()
    {
        ["BACKUP_REDIS_DATA_DIR"] = "Redis is dumped by its own tool. Name the server in BACKUP_REDIS, such as redis://:password@redis:6379.",
        ["RESTIC_REPOSITORY"] = "restic is not used here. Name a folder in BACKUP_LOCAL_PATH or a bucket in BACKUP_S3_BUCKET.",
        ["RESTIC_PASSWORD"] = "restic is not used here. Give the passphrase in BACKUP_ENCRYPTION_KEY.",
        ["RESTIC_KEEP_LAST"] = "restic is not used here. Use BACKUP_RETENTION_RECENT.",
        ["RESTIC_KEEP_DAILY"] = "restic is not used here. Use BACKUP_RETENTION_DAILY.",
        ["RESTIC_KEEP_WEEKLY"] = "restic is not used here. Use BACKUP_RETENTION_WEEKLY.",
        ["RESTIC_KEEP_MONTHLY"] = "restic is not used here. Use BACKUP_RETENTION_MONTHLY.",
        ["RESTIC_KEEP_YEARLY"] = "restic is not used here. Use BACKUP_RETENTION_YEARLY.",
    };

    public static void Check(IReadOnlyList<Layer> layers, Findings findings)
    {
        var ignored = layers
            .Select(layer => layer.Find(SettingTable.IgnoreUnknown.Name))
            .FirstOrDefault(text => text is not null) is { } names ? ListText.Names(names.Trim('"', '\'')) : [];
        var unknown = layers
            .SelectMany(layer => layer.Variables.Keys)
            .Distinct()
            .Where(name => !Variable.TryParse(name, out _) && !Alias.IsKnown(name) && !OfHooks.Contains(name) && !ignored.Contains(name))
            .Order(StringComparer.Ordinal);
        foreach (var name in unknown)
            Check(name, findings);
    }

    private static void Check(string name, Findings findings)
    {
        if (NotSupported.TryGetValue(name, out var instead))
            findings.Fault(name, instead);
        else if (name.StartsWith("RESTIC_", StringComparison.Ordinal))
            findings.Fault(name, "restic is not used here, and no setting of ours corresponds to this one; remove it.");
        else if (name.StartsWith("BACKUP_", StringComparison.Ordinal))
            findings.Fault(name, "there is no such setting." + Suggestion(name));
    }

    private static string Suggestion(string name) =>
        (Nearest.To(name, SettingTable.ByName.Keys) is { } nearest ? $" Is {nearest} meant?" : "")
        + $" If it belongs to something else, add it to {SettingTable.IgnoreUnknown.Name}.";
}
