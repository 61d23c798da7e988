using static BackupSidecar.Configuration.SettingKind;

namespace BackupSidecar.Configuration;

/// <summary>The rows of the table of settings that are about databases which ask by labels to be backed up.</summary>
internal static class LabelSettingTable
{
    private const string LabelSection = "Databases with labels";
    private const string WebhookSection = "Webhook of labelled databases";
    private const long Day = 86_400;

    public static readonly Setting Labels = new(LabelSection, "BACKUP_LABELS", Choice,
        "Whether databases are backed up that ask for it by labels (backup.enabled=true and so on) on their containers. auto: where no setting says what is "
        + "backed up, or where a variable of Label Backup's is set.")
    { Default = "auto", Choices = ["auto", "on", "off"] };

    public static readonly Setting Scope = new(LabelSection, "BACKUP_LABEL_SCOPE", Choice,
        "Whose labels are read: project: containers of this container's Compose project; all: every container of the engine. auto: project, but all where variables of Label Backup's are set.")
    { Default = "auto", Choices = ["auto", "project", "all"] };

    public static readonly Setting Interval = new(LabelSection, "BACKUP_LABEL_INTERVAL", Duration,
        "How often all containers are looked at anew; what the Docker engine tells meanwhile is followed at once.")
    { Default = "10s", Minimum = 1, Maximum = Day };

    public static readonly Setting Concurrency = new(LabelSection, "BACKUP_LABEL_CONCURRENCY", Integer,
        "Labelled databases that are backed up at the same time. Others wait for their turn.")
    { Default = "20", Minimum = 1, Maximum = 1_000 };

    public static readonly Setting Timeout = new(LabelSection, "BACKUP_LABEL_TIMEOUT", Duration,
        "The longest that the backup of one labelled database may take; 0 for no limit.")
    { Default = "30m", Maximum = 30 * Day };

    public static readonly Setting Retention = new(LabelSection, "BACKUP_LABEL_RETENTION", Period,
        "How long backups of labelled databases are kept where backup.retention says nothing else, such as 7d, 24h or 90m; a bare number is days. 0: for ever. The last good one of a database always stays.")
    { Default = "7d", Example = "14d" };

    public static readonly Setting DryRun = new(LabelSection, "BACKUP_LABEL_RETENTION_DRY_RUN", Flag,
        "Whether backups of labelled databases whose time is over are only told of, and not removed.")
    { Default = "false" };

    public static readonly Setting PrivateWebhooks = new(LabelSection, "BACKUP_LABEL_PRIVATE_WEBHOOKS", Flag,
        "Whether backup.webhook may name an address of a private network, or one without TLS. Whoever may start containers can send requests there, then.")
    { Default = "false" };

    public static readonly Setting WebhookUrl = new(WebhookSection, "BACKUP_WEBHOOK_URL", SecretUrl,
        "URL that gets a POST with JSON after each backup of a labelled database, good or bad, unless backup.webhook names another.")
    { Example = "https://example.com/backups" };

    public static readonly Setting WebhookSecret = new(WebhookSection, "BACKUP_WEBHOOK_SECRET", SettingKind.Secret,
        "Key that these messages, and those to BACKUP_SUCCESS_WEBHOOK and BACKUP_FAILURE_WEBHOOK, are signed with (HMAC-SHA256).")
    { Example = "" };

    public static readonly Setting WebhookTimeout = new(WebhookSection, "BACKUP_WEBHOOK_TIMEOUT", Duration,
        "The longest that one attempt to send a message to any webhook may take.")
    { Default = "10s", Minimum = 1, Maximum = 300 };

    public static readonly Setting WebhookRetries = new(WebhookSection, "BACKUP_WEBHOOK_RETRIES", Integer,
        "Further attempts to send a message to a webhook after the first, before it is kept for later.")
    { Default = "3", Maximum = 20 };

    public static IReadOnlyList<Setting> All { get; } =
    [
        Labels, Scope, Interval, Concurrency, Timeout, Retention, DryRun, PrivateWebhooks, WebhookUrl, WebhookSecret, WebhookTimeout, WebhookRetries,
    ];
}
