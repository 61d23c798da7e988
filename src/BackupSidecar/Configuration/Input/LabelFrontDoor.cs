using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Input;

/// <summary>
/// Decides whether labels of containers say what is backed up, and knows the variables of Label Backup, which count only then: most
/// of their names are words that others use, too.
/// </summary>
internal static class LabelFrontDoor
{
    /// <summary>Names that nobody else is likely to use: one of them opens the door.</summary>
    private static readonly Alias[] OfItsOwn =
    [
        new("GLOBAL_RETENTION_PERIOD", LabelSettingTable.Retention),
        new("GC_DRY_RUN", LabelSettingTable.DryRun),
        new("RECONCILE_INTERVAL_SECONDS", LabelSettingTable.Interval),
        new("CONCURRENT_BACKUP_LIMIT", LabelSettingTable.Concurrency),
        new("BACKUP_TIMEOUT_MINUTES", LabelSettingTable.Timeout, (text, _) => text.Trim() + "m"),
        new("LOCAL_BACKUP_PATH", SettingTable.LocalPath, (text, _) => Stripped(text)),
        new("GPG_PUBLIC_KEY_PATH", SettingTable.RecipientsFile),
    ];

    private static readonly Alias[] Shared =
    [
        new("BUCKET_NAME", SettingTable.S3Bucket, (text, _) => Stripped(text)),
        new("REGION", SettingTable.S3Region, (text, _) => Stripped(text)),
        new("ENDPOINT", SettingTable.S3Endpoint, (text, _) => Stripped(text)),
        new("ACCESS_KEY_ID", SettingTable.S3AccessKey, (text, _) => Stripped(text)),
        new("SECRET_ACCESS_KEY", SettingTable.S3SecretKey, (text, _) => Stripped(text)),
        // Its 'false' is only its default, and a server that is not AWS's was spoken to in that style all the same.
        new("S3_USE_PATH_STYLE", SettingTable.S3PathStyle, (text, _) => IsYes(text) ? "true" : "auto"),
        new("WEBHOOK_URL", LabelSettingTable.WebhookUrl),
        new("WEBHOOK_SECRET", LabelSettingTable.WebhookSecret),
        new("WEBHOOK_TIMEOUT_SECONDS", LabelSettingTable.WebhookTimeout),
        new("WEBHOOK_MAX_RETRIES", LabelSettingTable.WebhookRetries),
        new("LOG_LEVEL", SettingTable.Debug, (text, _) => text.Trim().Equals("debug", StringComparison.OrdinalIgnoreCase) ? "true" : "false"),
    ];

    /// <summary>What says what is backed up without labels.</summary>
    private static readonly Setting[] OtherWays =
    [
        SettingTable.Name, SettingTable.Schedule, SettingTable.Postgres, SettingTable.Mysql, SettingTable.Mongodb, SettingTable.Redis, SettingTable.Sqlite,
        SettingTable.Directories, SettingTable.Files,
    ];

    /// <summary>The variables of Label Backup.</summary>
    public static IReadOnlyList<Alias> Aliases { get; } = [.. OfItsOwn, .. Shared];

    /// <summary>Whether labels are read.</summary>
    /// <param name="given">What was given under names of ours.</param>
    /// <param name="blank">What stands somewhere without a value: somebody meant to say it, and has not.</param>
    /// <param name="layers">Where variables of Label Backup may stand.</param>
    public static bool IsOpen(IReadOnlyCollection<GivenValue> given, IReadOnlySet<Setting> blank, IReadOnlyList<Layer> layers)
    {
        var said = given.FirstOrDefault(value => value.Setting == LabelSettingTable.Labels)?.Text.Trim();
        if (said is not null && FlagText.TryParse(said, out var isOn))
            return isOn;
        return !(given.Any(value => OtherWays.Contains(value.Setting)) || OtherWays.Any(blank.Contains))
            || OfItsOwn.Any(alias => layers.Any(layer => layer.Find(alias.Name) is not null));
    }

    /// <summary>Whether a value was given under a name of Label Backup's.</summary>
    public static bool IsOfLabelBackup(GivenValue value) =>
        Aliases.Any(alias => value.Variable == alias.Name || value.Variable == alias.Name + "_FILE");

    private static bool IsYes(string text) => FlagText.TryParse(text.Trim(), out var flag) && flag;

    /// <summary>Label Backup takes backslashes and quotes away from around these.</summary>
    private static string Stripped(string text) => text.Trim().Trim('\\', '"');
}
