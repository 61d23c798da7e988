namespace BackupSidecar.Tests.Configuration;

public sealed class NamesTests
{
    [Theory]
    [InlineData("BACKUP_SHEDULE", "BACKUP_SCHEDULE")]
    [InlineData("BACKUP_POSTGRESS", "BACKUP_POSTGRES")]
    [InlineData("BACKUP_ENCRYPTION_PASSPHRASE", "BACKUP_ENCRYPTION_KEY")]
    [InlineData("BACKUP_RETENTION_DAY", "BACKUP_RETENTION_DAYS")]
    [InlineData("BACKUP_S3_BUKET", "BACKUP_S3_BUCKET")]
    public void A_misspelt_setting_is_refused_with_the_nearest_one(string name, string meant) =>
        Assert.Contains($"Is {meant} meant?", Said.Enough.With(name, "x").Fault().Problem);

    [Fact]
    public void A_setting_misspelt_in_the_configuration_file_is_refused_too() =>
        Assert.Equal("BACKUP_SHEDULE", Said.Enough.WithFile("/config/backup.env", "BACKUP_SHEDULE=x").Fault().Setting);

    [Fact]
    public void A_misspelt_setting_is_refused_even_if_it_is_blank() => Said.Enough.With("BACKUP_SHEDULE", "").Fault();

    [Fact]
    public void Names_that_belong_to_something_else_can_be_let_through() =>
        Said.Enough.With("BACKUP_IGNORE_UNKNOWN", "BACKUP_MINE, BACKUP_YOURS").With("BACKUP_MINE", "1").With("BACKUP_YOURS", "2").Settings();

    [Theory]
    [InlineData("BACKUP_RUN_ID")]
    [InlineData("BACKUP_TIMESTAMP")]
    [InlineData("BACKUP_OUTCOME")]
    [InlineData("BACKUP_PHASE")]
    [InlineData("BACKUP_ARCHIVE_NAME")]
    [InlineData("BACKUP_ARCHIVE_BYTES")]
    [InlineData("BACKUP_PROBLEMS")]
    public void What_hooks_get_from_us_is_no_mistake(string name) => Said.Enough.With(name, "x").Settings();

    [Theory]
    [InlineData("RESTIC_REPOSITORY", "BACKUP_S3_BUCKET")]
    [InlineData("RESTIC_PASSWORD", "BACKUP_ENCRYPTION_KEY")]
    [InlineData("RESTIC_KEEP_DAILY", "BACKUP_RETENTION_DAILY")]
    [InlineData("RESTIC_CACHE_DIR", "not used here")]
    [InlineData("BACKUP_REDIS_DATA_DIR", "BACKUP_REDIS")]
    public void Settings_of_the_generation_after_ours_say_what_to_use(string name, string instead) =>
        Assert.Contains(instead, Said.Enough.With(name, "hunter22").Fault().ToString());

    [Fact]
    public void Names_of_other_tools_are_understood_with_one_line_each()
    {
        var reading = Said.Nothing
            .With("BACKUP_NAME", "stack")
            .With("BACKUP_CRON_EXPRESSION", "@daily")
            .With("BACKUP_SOURCES", "/backup")
            .With("BACKUP_ARCHIVE", "/archive")
            .With("GPG_PASSPHRASE_FILE", "/run/secrets/gpg").WithFile("/run/secrets/gpg", "a passphrase of some length\n")
            .With("AWS_S3_BUCKET_NAME", "bucket")
            .With("AWS_ENDPOINT", "minio:9000")
            .With("AWS_ENDPOINT_PROTO", "http")
            .With("AWS_ACCESS_KEY_ID", "access")
            .With("AWS_SECRET_ACCESS_KEY", "secret")
            .With("AWS_PART_SIZE", "16")
            .With("GZIP_PARALLELISM", "2")
            .Read();

        Assert.Empty(reading.Faults);
        var settings = reading.Settings;
        Assert.NotNull(settings);
        Assert.Equal("@daily", settings.Schedule);
        Assert.Equal("/backup", Assert.Single(settings.Sources.Directories).Path);
        Assert.Equal("/archive", settings.Local?.Path);
        Assert.Equal("a passphrase of some length", settings.Archive.EncryptionKey?.Reveal());
        Assert.Equal(2, settings.Archive.CompressionThreads);
        Assert.Equal("bucket", settings.S3?.Bucket);
        Assert.Equal(new Uri("http://minio:9000"), settings.S3?.Endpoint);
        Assert.Equal(("access", "secret"), (settings.S3?.AccessKey?.Reveal(), settings.S3?.SecretKey?.Reveal()));
        Assert.Equal(16L << 20, settings.S3?.PartSize);
        Assert.Contains("AWS_S3_BUCKET_NAME is taken for BACKUP_S3_BUCKET, which is its name here.", reading.Notices);
        Assert.Equal(10, reading.Notices.Count);
    }

    [Fact]
    public void Our_own_name_goes_first()
    {
        var reading = Said.Enough.With("BACKUP_SCHEDULE", "@hourly").With("BACKUP_CRON_EXPRESSION", "@daily").Read();

        Assert.Equal("@hourly", reading.Settings?.Schedule);
        Assert.Equal("BACKUP_CRON_EXPRESSION is passed over, because BACKUP_SCHEDULE is set.", Assert.Single(reading.Notices));
    }

    [Fact]
    public void A_fault_names_the_variable_that_was_used() =>
        Assert.Equal(
            "AWS_S3_BUCKET_NAME",
            Said.Enough.With("AWS_S3_BUCKET_NAME", "s3://bucket").Fault().Setting);

    [Theory]
    [InlineData("europe/berlin", "Europe/Berlin")]
    [InlineData("Europe/Berln", "Europe/Berlin")]
    [InlineData("utc", "UTC")]
    [InlineData("America/NewYork", "America/New_York")]
    public void A_time_zone_that_is_none_is_refused_with_the_nearest_one(string zone, string meant)
    {
        // Once it has been looked up, .NET finds it in any case.
        Said.Enough.With("TZ", meant).Settings();

        var fault = Said.Enough.With("TZ", zone).Fault();

        Assert.Equal("TZ", fault.Setting);
        Assert.Equal(meant, fault.Example);
    }

    [Theory]
    [InlineData("Nope/Zone")]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0/3")]
    [InlineData("../../etc/passwd")]
    [InlineData("/usr/share/zoneinfo/UTC")]
    [InlineData("America")]
    [InlineData("zone.tab")]
    [InlineData("W. Europe Standard Time")]
    public void What_is_no_time_zone_is_refused(string zone) => Assert.Equal("TZ", Said.Enough.With("TZ", zone).Fault().Setting);

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("Etc/GMT+5")]
    [InlineData("UTC")]
    public void A_time_zone_is_taken_as_the_database_spells_it(string zone) =>
        Assert.Equal(zone, Said.Enough.With("TZ", zone).Settings().TimeZone.Id);
}
