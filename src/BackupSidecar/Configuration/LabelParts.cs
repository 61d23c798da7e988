using BackupSidecar.Configuration.Input;
using static BackupSidecar.Configuration.LabelSettingTable;

namespace BackupSidecar.Configuration;

/// <summary>Builds the settings of databases that ask by labels to be backed up.</summary>
internal sealed class LabelParts(GivenSettings given, SettingValues values, Findings findings)
{
    /// <summary>The folder for backups where nothing else is said, as with Label Backup.</summary>
    public const string UsualFolder = "/backups";

    /// <summary>The name where nothing but labels says what is backed up, and no archive is made.</summary>
    public const string UsualName = "labels";

    /// <summary>Null where labels are not read.</summary>
    public LabelSettings? Settings()
    {
        _ = values.Choice(Labels);
        if (given.ReadsLabels)
            return Read();
        if (given.All.FirstOrDefault(value => value.Setting.Section == Labels.Section && value.Setting != Labels) is { } idle)
            findings.Warn($"{idle.Variable} has no effect, because labels are not read. Set {Labels.Name}=on if they are meant to be.");
        return null;
    }

    public WebhookSettings Webhook() => new()
    {
        Url = values.SecretUrl(WebhookUrl),
        SigningSecret = values.SecretLine(WebhookSecret),
        Timeout = values.Duration(WebhookTimeout),
        Retries = values.Integer(WebhookRetries)!.Value, // It has a default.
    };

    private LabelSettings Read() => new()
    {
        Scope = values.Choice(Scope) switch
        {
            "all" => LabelScope.All,
            "auto" when given.All.Any(LabelFrontDoor.IsOfLabelBackup) => LabelScope.All,
            _ => LabelScope.Project,
        },
        Interval = values.Duration(Interval),
        Concurrency = values.Integer(Concurrency)!.Value, // It has a default.
        Timeout = values.Duration(LabelSettingTable.Timeout) is { Ticks: > 0 } limit ? limit : null,
        Retention = values.Period(LabelSettingTable.Retention) is { Ticks: > 0 } period ? period : null,
        IsRetentionDryRun = values.Flag(DryRun),
        AllowsPrivateWebhooks = values.Flag(PrivateWebhooks),
    };
}
