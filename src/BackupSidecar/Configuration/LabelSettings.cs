namespace BackupSidecar.Configuration;

/// <summary>Whose containers' labels are read.</summary>
internal enum LabelScope
{
    /// <summary>Those of our own Compose project.</summary>
    Project,

    /// <summary>Those of every container of the engine.</summary>
    All,
}

/// <summary>What holds for databases that ask by labels to be backed up, where their labels say nothing else.</summary>
internal sealed record LabelSettings
{
    /// <summary>BACKUP_LABEL_SCOPE.</summary>
    public LabelScope Scope { get; init; } = LabelScope.Project;

    /// <summary>BACKUP_LABEL_INTERVAL: how often all containers are looked at anew, whatever events told.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>BACKUP_LABEL_CONCURRENCY: backups that go on at the same time; others wait.</summary>
    public int Concurrency { get; init; } = 20;

    /// <summary>BACKUP_LABEL_TIMEOUT: the longest that one backup may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>BACKUP_LABEL_RETENTION: how long backups are kept; null: for ever.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>BACKUP_LABEL_RETENTION_DRY_RUN: what would be removed is only told.</summary>
    public bool IsRetentionDryRun { get; init; }

    /// <summary>BACKUP_LABEL_PRIVATE_WEBHOOKS: whether backup.webhook may be an address of a private network, or without TLS.</summary>
    public bool AllowsPrivateWebhooks { get; init; }
}

/// <summary>The webhook of the operator's own that gets a signed message after each backup of a labelled database.</summary>
internal sealed record WebhookSettings
{
    /// <summary>BACKUP_WEBHOOK_URL, or null.</summary>
    public Secret? Url { get; init; }

    /// <summary>BACKUP_WEBHOOK_SECRET: the key that messages are signed with, also those to a webhook that a label names; null: they are not signed.</summary>
    public Secret? SigningSecret { get; init; }

    /// <summary>BACKUP_WEBHOOK_TIMEOUT: the longest that one attempt may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>BACKUP_WEBHOOK_RETRIES: further attempts after the first.</summary>
    public int Retries { get; init; } = 3;
}
