using BackupSidecar.Configuration.Input;
using Table = BackupSidecar.Configuration.LabelSettingTable;

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
        _ = values.Choice(Table.Labels);
        if (given.ReadsLabels)
            return Read();
        if (given.All.FirstOrDefault(value => value.Setting.Section == Table.Labels.Section && value.Setting != Table.Labels) is { } idle)
            findings.Warn($"{idle.Variable} has no effect, because labels are not read. Set {Table.Labels.Name}=on if they are meant to be.");
        return null;
    }

    public WebhookSettings Webhook() => new()
    {
        Url = values.SecretUrl(Table.WebhookUrl),
        SigningSecret = values.SecretLine(Table.WebhookSecret),
        Timeout = values.Duration(Table.WebhookTimeout),
        Retries = values.Integer(Table.WebhookRetries)!.Value, // It has a default.
    };

    private LabelSettings Read() => new()
    {
        Scope = values.Choice(Table.Scope) switch
        {
            "all" => LabelScope.All,
            "auto" when given.All.Any(LabelFrontDoor.IsOfLabelBackup) => LabelScope.All,
            _ => LabelScope.Project,
        },
        Interval = values.Duration(Table.Interval),
        Concurrency = values.Integer(Table.Concurrency)!.Value, // It has a default.
        Timeout = values.Duration(Table.Timeout) is { Ticks: > 0 } limit ? limit : null,
        Retention = values.Period(Table.Retention) is { Ticks: > 0 } period ? period : null,
        IsRetentionDryRun = values.Flag(Table.DryRun),
        AllowsPrivateWebhooks = values.Flag(Table.PrivateWebhooks),
    };
}
