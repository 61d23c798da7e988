using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Configuration;

public sealed class LabelSettingsTests
{
    [Fact]
    public void With_nothing_configured_labels_say_what_is_backed_up()
    {
        var settings = Said.Nothing.Settings();

        Assert.Equal(new LabelSettings(), settings.Labels);
        Assert.Equal("/backups", settings.Local?.Path);
        Assert.Equal("labels", settings.Name);
        Assert.Null(settings.S3);
        Assert.Equal(new WebhookSettings(), settings.Notifications.Webhook);
    }

    [Fact]
    public void What_Label_Backup_documents_by_default_is_the_default()
    {
        var labels = new LabelSettings();

        Assert.Equal(
            (TimeSpan.FromSeconds(10), 20, TimeSpan.FromMinutes(30), TimeSpan.FromDays(7), false),
            (labels.Interval, labels.Concurrency, labels.Timeout, labels.Retention, labels.IsRetentionDryRun));
        Assert.Equal((TimeSpan.FromSeconds(10), 3), (new WebhookSettings().Timeout, new WebhookSettings().Retries));
    }

    [Fact]
    public void Where_settings_say_what_is_backed_up_labels_are_not_read_unless_they_are_meant()
    {
        Assert.Null(Said.Enough.Settings().Labels);
        Assert.NotNull(Said.Enough.With("BACKUP_LABELS", "on").Settings().Labels);
        Assert.NotNull(Said.Enough.With("BACKUP_LABELS", "true").Settings().Labels);
        Assert.NotNull(Said.Enough.With("GLOBAL_RETENTION_PERIOD", "7d").Settings().Labels);
        Assert.Null(Said.Enough.With("GLOBAL_RETENTION_PERIOD", "7d").With("BACKUP_LABELS", "off").Settings().Labels);
    }

    [Fact]
    public void Words_that_others_use_too_mean_nothing_where_labels_are_not_read()
    {
        var settings = Said.Enough.With("BUCKET_NAME", "uploads-of-the-app").With("REGION", "eu").With("WEBHOOK_URL", "x").With("LOG_LEVEL", "debug").Settings();

        Assert.Null(settings.S3);
        Assert.False(settings.Log.Debug);
        Assert.Null(settings.Notifications.Webhook.Url);
    }

    [Fact]
    public void Every_variable_of_Label_Backup_is_understood()
    {
        var settings = Said.Nothing
            .With("LOG_LEVEL", "debug").With("GLOBAL_RETENTION_PERIOD", "14d").With("GC_DRY_RUN", "1").With("LOCAL_BACKUP_PATH", "\"/mnt/backups\"")
            .With("RECONCILE_INTERVAL_SECONDS", "5").With("BUCKET_NAME", "\\\"bucket\\\"").With("REGION", "eu-central-1").With("ENDPOINT", "http://minio:9000")
            .With("ACCESS_KEY_ID", "access").With("SECRET_ACCESS_KEY", "a secret").With("S3_USE_PATH_STYLE", "true")
            .With("WEBHOOK_URL", "http://receiver:8080/hook").With("WEBHOOK_SECRET", "a signing secret").With("WEBHOOK_TIMEOUT_SECONDS", "20").With("WEBHOOK_MAX_RETRIES", "5")
            .With("CONCURRENT_BACKUP_LIMIT", "3").With("BACKUP_TIMEOUT_MINUTES", "45").With("GPG_PUBLIC_KEY_PATH", "/keys/backup.pub")
            .Settings();

        Assert.Equal(
            new LabelSettings
            {
                Scope = LabelScope.All,
                Interval = TimeSpan.FromSeconds(5),
                Concurrency = 3,
                Timeout = TimeSpan.FromMinutes(45),
                Retention = TimeSpan.FromDays(14),
                IsRetentionDryRun = true,
            },
            settings.Labels);
        Assert.Equal("/mnt/backups", settings.Local?.Path);
        Assert.Equal(("bucket", "eu-central-1", PathStyle.Path), (settings.S3?.Bucket, settings.S3?.Region, settings.S3?.PathStyle));
        Assert.Equal(new Uri("http://minio:9000"), settings.S3?.Endpoint);
        Assert.Equal(("access", "a secret"), (settings.S3?.AccessKey?.Reveal(), settings.S3?.SecretKey?.Reveal()));
        Assert.Equal(
            new WebhookSettings { Url = new Secret("http://receiver:8080/hook"), SigningSecret = new Secret("a signing secret"), Timeout = TimeSpan.FromSeconds(20), Retries = 5 },
            settings.Notifications.Webhook);
        Assert.Equal("/keys/backup.pub", settings.Archive.RecipientsFile);
        Assert.True(settings.Log.Debug);
    }

    [Fact]
    public void All_labels_are_read_by_default_only_where_Label_Backups_own_variables_stand()
    {
        Assert.Equal(LabelScope.Project, Said.Nothing.With("BACKUP_LABEL_RETENTION", "1d").Settings().Labels?.Scope);
        Assert.Equal(LabelScope.All, Said.Nothing.With("REGION", "eu").Settings().Labels?.Scope);
        Assert.Equal(LabelScope.Project, Said.Nothing.With("REGION", "eu").With("BACKUP_LABEL_SCOPE", "project").Settings().Labels?.Scope);
    }

    [Theory]
    [InlineData("GLOBAL_RETENTION_PERIOD", "soon")]
    [InlineData("GLOBAL_RETENTION_PERIOD", "-7d")]
    [InlineData("RECONCILE_INTERVAL_SECONDS", "0")]
    [InlineData("CONCURRENT_BACKUP_LIMIT", "none")]
    [InlineData("BACKUP_TIMEOUT_MINUTES", "-1")]
    [InlineData("BACKUP_LABELS", "perhaps")]
    [InlineData("BACKUP_LABEL_SCOPE", "everything")]
    public void What_cannot_be_is_refused_under_the_name_that_was_used(string variable, string value) =>
        Assert.Equal(variable, Said.Nothing.With(variable, value).Fault().Setting);

    [Fact]
    public void Nothing_is_kept_for_ever_but_by_a_period_of_0() =>
        Assert.Null(Said.Nothing.With("BACKUP_LABEL_RETENTION", "0").Settings().Labels?.Retention);

    [Fact]
    public void A_setting_of_labels_that_are_not_read_is_told() =>
        Assert.Contains("BACKUP_LABELS=on", Assert.Single(Said.Enough.With("BACKUP_LABEL_INTERVAL", "5").Read().Warnings), StringComparison.Ordinal);

    /// <summary>Compose gives a blank value to every variable that its own file lacks.</summary>
    [Fact]
    public void What_was_meant_to_be_said_and_was_not_is_no_case_for_labels() =>
        Assert.NotEmpty(Said.Nothing.With("BACKUP_NAME", "").With("BACKUP_DIRS", "").With("BACKUP_LOCAL_PATH", "/backups").Read().Faults);

    [Fact]
    public void What_is_named_but_has_no_sources_is_no_case_for_labels() =>
        Assert.Contains("BACKUP_LABELS=on", Said.Enough.Without("BACKUP_DIRS").Fault().Problem, StringComparison.Ordinal);
}
