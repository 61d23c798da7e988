using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Configuration;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Three_variables_are_enough()
    {
        var settings = Said.Enough.Settings();

        Assert.Equal("stack", settings.Name);
        Assert.Equal([new NamedPath("/data", "data")], settings.Sources.Directories);
        Assert.Equal("/backups-local", settings.Local?.Path);
        Assert.Null(settings.S3);
        Assert.Null(settings.Schedule);
        Assert.Equal("UTC", settings.TimeZone.Id);
        Assert.True(settings.CatchUp);
    }

    [Fact]
    public void What_is_not_said_is_what_the_records_have_by_default()
    {
        var settings = Said.EnoughForS3.Settings();

        Assert.Equal(new S3StoreSettings { Bucket = "bucket" }, settings.S3);
        Assert.Equal(new ArchiveSettings(), settings.Archive);
        Assert.Equal(new ServiceSettings() with { Stop = settings.Services.Stop }, settings.Services);
        Assert.Equal(new HookSettings(), settings.Hooks);
        Assert.Equal(new PathSettings(), settings.Paths);
        Assert.Equal(new LogSettings(), settings.Log);
        Assert.Equal(new RetentionSettings { Days = 30 }, settings.Retention);
        Assert.Equal(new NotificationSettings(), settings.Notifications);
        Assert.Null(settings.Timeout);
    }

    [Fact]
    public void All_faults_are_reported_together()
    {
        var reading = Said.Nothing
            .With("TZ", "Nope/Zone")
            .With("BACKUP_STOP_WAIT", "a while")
            .With("BACKUP_RETENTION_DAYS", "-1")
            .With("BACKUP_POSTGRES", "mysql://db/shop")
            .With("BACKUP_SHEDULE", "0 3 * * *")
            .With("BACKUP_S3_BUCKET", "bucket")
            .With("BACKUP_S3_ACCESS_KEY", "key")
            .With("BACKUP_ENCRYPTION_KEY", "")
            .Read();

        string[] expected =
        [
            "BACKUP_ENCRYPTION_KEY", "BACKUP_NAME", "BACKUP_POSTGRES", "BACKUP_RETENTION_DAYS", "BACKUP_S3_SECRET_KEY", "BACKUP_SHEDULE",
            "BACKUP_STOP_WAIT", "TZ",
        ];
        Assert.Equal(expected, reading.Faults.Select(fault => fault.Setting).Order(StringComparer.Ordinal));
        Assert.Null(reading.Settings);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("My.Stack_2-b")]
    [InlineData("7")]
    public void A_name_is_letters_digits_and_some_marks(string name) =>
        Assert.Equal(name, Said.Enough.With("BACKUP_NAME", name).Settings().Name);

    [Theory]
    [InlineData(".hidden")]
    [InlineData("-x")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("../x")]
    [InlineData("é")]
    [InlineData("a\nb")]
    public void Any_other_name_is_refused(string name) =>
        Assert.Equal("BACKUP_NAME", Said.Enough.With("BACKUP_NAME", name).Fault().Setting);

    [Fact]
    public void A_name_of_100_characters_is_the_longest()
    {
        Assert.Equal(100, Said.Enough.With("BACKUP_NAME", new string('n', 100)).Settings().Name.Length);
        Assert.Contains("at most 100", Said.Enough.With("BACKUP_NAME", new string('n', 101)).Fault().Problem);
    }

    [Fact]
    public void A_backup_needs_a_destination() =>
        Assert.Contains("nowhere to store", Said.Enough.Without("BACKUP_LOCAL_PATH").Fault().Problem);

    [Fact]
    public void A_backup_needs_a_source() =>
        Assert.Contains("nothing to back up", Said.Enough.Without("BACKUP_DIRS").Fault().Problem);

    [Fact]
    public void Listing_needs_no_source()
    {
        var reading = Said.Enough.Without("BACKUP_DIRS").Read(SettingsScope.StoresOnly);

        Assert.Empty(reading.Faults);
        Assert.NotNull(reading.Settings);
    }

    [Theory]
    [InlineData("BACKUP_SCHEDULE")]
    [InlineData("BACKUP_STOP_WAIT")]
    [InlineData("BACKUP_S3_ENDPOINT")]
    [InlineData("BACKUP_COMPRESSION")]
    [InlineData("BACKUP_POSTGRES")]
    [InlineData("BACKUP_RETENTION_DAYS")]
    [InlineData("BACKUP_SUCCESS_WEBHOOK")]
    [InlineData("BACKUP_DEBUG")]
    [InlineData("TZ")]
    [InlineData("DOCKER_HOST")]
    public void An_empty_value_is_as_good_as_none(string name)
    {
        var expected = Said.Enough.Settings();

        var settings = Said.Enough.With(name, " ").Settings();

        Assert.Equal(expected.Schedule, settings.Schedule);
        Assert.Equal(expected.Retention, settings.Retention);
        Assert.Equal(expected.Archive, settings.Archive);
        Assert.Equal(expected.Services.DockerHost, settings.Services.DockerHost);
        Assert.Equal(expected.TimeZone, settings.TimeZone);
        Assert.Empty(settings.Sources.Postgres);
        Assert.Null(settings.Notifications.SuccessWebhook);
    }

    [Theory]
    [InlineData("app,worker")]
    [InlineData("app worker")]
    [InlineData(" app ;\n worker,app\n,")]
    public void Services_are_separated_by_whatever_people_use_and_named_once(string list) =>
        Assert.Equal(["app", "worker"], Said.Enough.With("BACKUP_STOP_SERVICES", list).Settings().Services.Stop);

    [Theory]
    [InlineData("tcp://proxy:2375")]
    [InlineData("http://proxy:2375")]
    [InlineData("https://proxy:2376")]
    [InlineData("unix:///run/user/1000/docker.sock")]
    public void The_engine_may_be_anywhere(string address) =>
        Assert.Equal(new Uri(address), Said.Enough.With("DOCKER_HOST", address).Settings().Services.DockerHost);

    [Theory]
    [InlineData("ssh://host")]
    [InlineData("/var/run/docker.sock")]
    [InlineData("unix://docker.sock")]
    [InlineData("proxy:2375")]
    [InlineData("tcp://")]
    public void An_address_that_is_no_engine_is_refused(string address) =>
        Assert.Equal("DOCKER_HOST", Said.Enough.With("DOCKER_HOST", address).Fault().Setting);

    [Theory]
    [InlineData("BACKUP_LOCAL_PATH", "backups")]
    [InlineData("BACKUP_STATE_DIR", "./state")]
    [InlineData("BACKUP_STAGING_DIR", "staging")]
    [InlineData("BACKUP_DIRS", "data:data")]
    [InlineData("BACKUP_FILES", "app.ini")]
    [InlineData("BACKUP_SQLITE", "data/../app.db")]
    [InlineData("BACKUP_DIRS", "/data/../etc")]
    public void Paths_are_absolute(string name, string path) => Assert.Equal(name, Said.Enough.With(name, path).Fault().Setting);

    [Theory]
    [InlineData("BACKUP_SUCCESS_WEBHOOK")]
    [InlineData("BACKUP_FAILURE_WEBHOOK")]
    [InlineData("BACKUP_HEALTHCHECKS_URL")]
    public void A_webhook_that_is_no_address_is_refused_without_being_shown(string name)
    {
        var fault = Said.Enough.With(name, "hc-ping.com/b3ff1e-secret").Fault();

        Assert.Equal(name, fault.Setting);
        Assert.DoesNotContain("b3ff1e", fault.ToString());
    }

    [Fact]
    public void Choices_are_understood_in_any_case_and_by_the_words_of_others()
    {
        var settings = Said.EnoughForS3
            .With("BACKUP_COMPRESSION", "ZST").With("BACKUP_COMPRESSION_LEVEL", "Small").With("BACKUP_LOG_FORMAT", "Json").With("BACKUP_DEBUG", "yes")
            .With("BACKUP_S3_PATH_STYLE", "true").With("BACKUP_S3_CHECKSUMS", "when-required").With("BACKUP_CATCH_UP", "false")
            .With("BACKUP_VERIFY_AFTER", "STORED")
            .Settings();

        Assert.Equal((Compression.Zstd, CompressionLevel.Small), (settings.Archive.Compression, settings.Archive.CompressionLevel));
        Assert.Equal(new LogSettings(LogFormat.Json, Debug: true), settings.Log);
        Assert.Equal(PathStyle.Path, settings.S3?.PathStyle);
        Assert.Equal(S3Checksums.WhenRequired, settings.S3?.Checksums);
        Assert.Equal(VerifyAfter.Stored, settings.VerifyAfter);
        Assert.False(settings.CatchUp);
    }

    [Theory]
    [InlineData("BACKUP_COMPRESSION", "bzip2", "gzip, zstd, none")]
    [InlineData("BACKUP_COMPRESSION_LEVEL", "9", "fast, balanced, small")]
    [InlineData("BACKUP_VERIFY_AFTER", "full", "auto, stored, none")]
    public void A_choice_that_is_none_names_those_that_are(string name, string value, string choices) =>
        Assert.Contains(choices, Said.Enough.With(name, value).Fault().Problem);
}
