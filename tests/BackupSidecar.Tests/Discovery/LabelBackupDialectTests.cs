using BackupSidecar.Configuration;
using BackupSidecar.Discovery;

namespace BackupSidecar.Tests.Discovery;

public sealed class LabelBackupDialectTests
{
    [Fact]
    public void The_least_gets_the_documented_defaults()
    {
        var database = Labelled.Enough().Database();

        Assert.Equal(("postgres", "shop", "0 3 * * *", ""), (database.Kind, database.Database, database.Cron, database.Prefix));
        Assert.Equal("postgres://app:hunter22@db:5432/shop", database.Uri.Uri.Reveal());
        Assert.Equal(["local"], database.Stores);
        Assert.Null(database.Retention);
        Assert.Null(database.Webhook);
        Assert.Equal(("shop-db-1", "1"), (database.ContainerName, database.ContainerId));
    }

    [Fact]
    public void Every_label_says_what_it_says()
    {
        var database = Labelled.Enough("PostgreS").With("backup.database", "the shop:1").With("backup.dest", "Remote").With("backup.prefix", "/prod/eu/")
            .With("backup.retention", "36h").With("backup.webhook", "https://example.com/hook?token=hunter22").With("backup.cron", " @every 1h30m ").Database();

        Assert.Equal(("postgres", "the_shop_1", "@every 1h30m", "prod/eu"), (database.Kind, database.Database, database.Cron, database.Prefix));
        Assert.Equal(["s3"], database.Stores);
        Assert.Equal(TimeSpan.FromHours(36), database.Retention);
        Assert.Equal("https://example.com/hook?token=hunter22", database.Webhook?.Reveal());
    }

    [Theory]
    [InlineData("local", "local")]
    [InlineData("remote", "s3")]
    [InlineData("s3", "s3")]
    [InlineData("S3", "s3")]
    [InlineData(" LOCAL ", "local")]
    public void A_destination_has_its_aliases(string dest, string store) =>
        Assert.Equal([store], Labelled.Enough().With("backup.dest", dest).Database().Stores);

    [Theory]
    [InlineData("7d", 7 * 24 * 60)]
    [InlineData("7", 7 * 24 * 60)]
    [InlineData("24h", 24 * 60)]
    [InlineData("90m", 90)]
    [InlineData("1h30m", 90)]
    [InlineData("1.5h", 90)]
    [InlineData("2w", 14 * 24 * 60)]
    public void A_period_is_a_duration_or_days(string text, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Labelled.Enough().With("backup.retention", text).Database().Retention);

    [Fact]
    public void A_period_of_nothing_stands_for_the_operators_own() => Assert.Null(Labelled.Enough().With("backup.retention", "0").Database().Retention);

    [Fact]
    public void Without_labels_nothing_is_asked()
    {
        Assert.Equal(LabelReading.NotAsked, new Dictionary<string, string>().Read());
        Assert.Equal(LabelReading.NotAsked, Labelled.Enough().With("backup.enabled", "false").Read());
        Assert.Contains("backup.enabled=true is missing", Assert.Single(Labelled.Enough().Without("backup.enabled").Read().Remarks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backup.enabled", "True", "is not 'true'")]
    [InlineData("backup.enabled", "yes", "is not 'true'")]
    [InlineData("backup.type", "oracle", "none of postgres, mysql, mongodb, redis")]
    [InlineData("backup.type", " ", "it is missing")]
    [InlineData("backup.cron", "", "it is missing")]
    [InlineData("backup.cron", "daily", "there must be five")]
    [InlineData("backup.cron", "0 3 31 2 *", "never comes true")]
    [InlineData("backup.cron", "@every soon", "no length of time")]
    [InlineData("backup.cron", "0 3 * * *\n0 4 * * *", "control character")]
    [InlineData("backup.conn", "", "it is missing")]
    [InlineData("backup.database", "mysql://app:hunter22@db/shop", "the name of a database alone")]
    [InlineData("backup.dest", "ftp", "none of local, remote, s3")]
    [InlineData("backup.prefix", "../other", "empty, '.' or '..'")]
    [InlineData("backup.prefix", "a//b", "empty, '.' or '..'")]
    [InlineData("backup.prefix", "a/./b", "empty, '.' or '..'")]
    [InlineData("backup.prefix", "a\\..\\b", "backslash")]
    [InlineData("backup.prefix", ".backup-sidecar-store", "reserved")]
    [InlineData("backup.retention", "soon", "not a length of time")]
    [InlineData("backup.retention", "-7d", "not a length of time")]
    [InlineData("backup.webhook", "file:///etc/passwd", "not an address")]
    [InlineData("backup.webhook", "https://me:hunter22@example.com/", "not an address")]
    public void What_cannot_be_used_is_named_with_its_label(string label, string value, string problem)
    {
        var told = Labelled.Enough().With(label, value).Problem();

        Assert.StartsWith(label + ":", told, StringComparison.Ordinal);
        Assert.Contains(problem, told, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() =>
        Assert.Equal(4, Labelled.Enough().With("backup.type", "x").With("backup.cron", "x").With("backup.dest", "x").With("backup.prefix", "..").Read().Problems.Count);

    [Fact]
    public void A_destination_needs_its_store()
    {
        var policy = Labelled.Policy with { Stores = new HashSet<string> { "local" } };

        Assert.Contains("BACKUP_S3_BUCKET", Assert.Single(Labelled.Enough().With("backup.dest", "remote").Read(policy).Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://example.com/hook")]
    [InlineData("https://192.168.1.7/hook")]
    [InlineData("https://169.254.169.254/latest")]
    [InlineData("https://n8n/hook")]
    [InlineData("https://localhost/hook")]
    public void A_webhook_in_the_private_network_is_told_and_not_used_unless_it_is_allowed(string url)
    {
        var labels = Labelled.Enough().With("backup.webhook", url);

        Assert.Null(labels.Database().Webhook);
        Assert.Contains("BACKUP_LABEL_PRIVATE_WEBHOOKS", Assert.Single(labels.Read().Remarks), StringComparison.Ordinal);
        Assert.Equal(url, labels.Read(Labelled.Policy with { AllowsPrivateWebhooks = true }).Database?.Webhook?.Reveal());
    }

    [Fact]
    public void A_misspelt_label_is_told() =>
        Assert.Contains("backup.retension", Assert.Single(Labelled.Enough().With("backup.retension", "7d").Read().Remarks), StringComparison.Ordinal);

    [Theory]
    [InlineData("postgres://app:hunter22@db:5432/shop", null)]
    [InlineData("postgres://app:hunter22@DB/shop", null)]
    [InlineData("postgres://app:hunter22@other/shop", DumpVia.Client)]
    [InlineData("postgres://app:hunter22@db,other/shop", DumpVia.Client)]
    [InlineData("postgres://app:hunter22@localhost/shop", DumpVia.Client)]
    public void Tools_run_in_no_other_container_than_that_with_the_labels(string conn, object? via) =>
        Assert.Equal(via, Labelled.Enough("postgres", conn).Database().Uri.Options.Via);

    [Fact]
    public void Labels_of_any_length_are_refused_or_read() =>
        Assert.Contains("longer than", Labelled.Enough().With("backup.conn", "postgres://u:p@h/" + new string('a', 1_000_000)).Problem(), StringComparison.Ordinal);
}
