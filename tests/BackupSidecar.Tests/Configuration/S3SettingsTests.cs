namespace BackupSidecar.Tests.Configuration;

public sealed class S3SettingsTests
{
    [Fact]
    public void Without_keys_the_chain_of_the_sdk_is_used()
    {
        var settings = Said.EnoughForS3.With("AWS_ACCESS_KEY_ID", "of the SDK").Settings().S3;

        Assert.Null(settings?.AccessKey);
        Assert.Null(settings?.SecretKey);
    }

    [Fact]
    public void Settings_of_S3_without_a_bucket_are_warned_of()
    {
        var reading = Said.Enough.With("BACKUP_S3_ENDPOINT", "http://minio:9000").Read();

        Assert.NotNull(reading.Settings);
        Assert.Null(reading.Settings.S3);
        Assert.Equal("BACKUP_S3_ENDPOINT has no effect, because BACKUP_S3_BUCKET is not set.", Assert.Single(reading.Warnings));
    }

    [Theory]
    [InlineData("BACKUP_S3_ACCESS_KEY", "BACKUP_S3_SECRET_KEY")]
    [InlineData("BACKUP_S3_SECRET_KEY", "BACKUP_S3_ACCESS_KEY")]
    public void One_key_needs_the_other(string there, string missing) =>
        Assert.Equal(missing, Said.EnoughForS3.With(there, "half of a pair").Fault().Setting);

    [Fact]
    public void A_session_token_needs_its_keys() =>
        Assert.Equal("BACKUP_S3_SESSION_TOKEN", Said.EnoughForS3.With("BACKUP_S3_SESSION_TOKEN", "token").Fault().Setting);

    [Theory]
    [InlineData("https://s3.example.com")]
    [InlineData("https://s3.example.com:8443/")]
    [InlineData("https://[2001:db8::1]:9000")]
    public void An_endpoint_with_TLS_is_taken_without_a_word(string endpoint)
    {
        var reading = Said.EnoughForS3.With("BACKUP_S3_ENDPOINT", endpoint).Read();

        Assert.Equal(new Uri(endpoint), reading.Settings?.S3?.Endpoint);
        Assert.Empty(reading.Warnings);
    }

    [Theory]
    [InlineData("http://minio:9000")]
    [InlineData("http://minio_1:9000/")]
    [InlineData("http://localhost:9000")]
    [InlineData("http://127.0.0.1:9000")]
    [InlineData("http://[::1]:9000")]
    [InlineData("http://10.1.2.3:9000")]
    [InlineData("http://172.31.0.1")]
    [InlineData("http://192.168.1.2:9000")]
    [InlineData("http://[fd00::1]:9000")]
    [InlineData("http://nas.local:9000")]
    [InlineData("http://host.docker.internal:9000")]
    public void A_server_nearby_may_go_without_TLS_and_is_warned_of(string endpoint)
    {
        var reading = Said.EnoughForS3.With("BACKUP_S3_ENDPOINT", endpoint).Read();

        Assert.Empty(reading.Faults);
        Assert.Contains("without TLS", Assert.Single(reading.Warnings));
    }

    [Theory]
    [InlineData("http://s3.example.com")]
    [InlineData("http://8.8.8.8:9000")]
    [InlineData("http://172.32.0.1")]
    [InlineData("http://[2001:db8::1]")]
    public void A_server_elsewhere_needs_TLS_or_a_clear_word(string endpoint)
    {
        Assert.Contains("BACKUP_ALLOW_HTTP=true", Said.EnoughForS3.With("BACKUP_S3_ENDPOINT", endpoint).Fault().Problem);

        var reading = Said.EnoughForS3.With("BACKUP_S3_ENDPOINT", endpoint).With("BACKUP_ALLOW_HTTP", "true").Read();
        Assert.Empty(reading.Faults);
        Assert.Single(reading.Warnings);
    }

    [Theory]
    [InlineData("minio:9000")]
    [InlineData("minio")]
    [InlineData("s3://bucket")]
    [InlineData("ftp://host")]
    [InlineData("https://")]
    [InlineData("https://host/bucket")]
    [InlineData("https://host?x=y")]
    [InlineData("https://host/#x")]
    [InlineData("https://user:hunter22@host")]
    [InlineData("https://ho st")]
    public void What_is_no_endpoint_is_refused(string endpoint)
    {
        var fault = Said.EnoughForS3.With("BACKUP_S3_ENDPOINT", endpoint).Fault();

        Assert.Equal("BACKUP_S3_ENDPOINT", fault.Setting);
        Assert.DoesNotContain("hunter22", fault.ToString());
    }

    [Theory]
    [InlineData("s3://bucket")]
    [InlineData("bucket/folder")]
    [InlineData("my bucket")]
    public void A_bucket_is_only_a_name(string bucket) =>
        Assert.Equal("BACKUP_S3_BUCKET", Said.EnoughForS3.With("BACKUP_S3_BUCKET", bucket).Fault().Setting);

    [Theory]
    [InlineData("5MiB", 5L << 20)]
    [InlineData("16MiB", 16L << 20)]
    [InlineData("64m", 64L << 20)]
    [InlineData("64 MB", 64L << 20)]
    [InlineData("5g", 5L << 30)]
    [InlineData("8388608", 8L << 20)]
    public void A_part_has_a_size(string text, long bytes) =>
        Assert.Equal(bytes, Said.EnoughForS3.With("BACKUP_S3_PART_SIZE", text).Settings().S3?.PartSize);

    [Theory]
    [InlineData("5242879")]
    [InlineData("4MiB")]
    [InlineData("6GiB")]
    [InlineData("-16MiB")]
    [InlineData("1.5g")]
    [InlineData("lots")]
    [InlineData("16")]
    [InlineData("99999999999g")]
    public void A_part_of_another_size_is_refused(string text) =>
        Assert.Contains("from 5 MiB to 5 GiB", Said.EnoughForS3.With("BACKUP_S3_PART_SIZE", text).Fault().Problem);

    [Theory]
    [InlineData(null, 10_000)]
    [InlineData("1000", 1_000)]
    public void A_server_takes_so_many_parts(string? text, int expected) =>
        Assert.Equal(expected, (text is null ? Said.EnoughForS3 : Said.EnoughForS3.With("BACKUP_S3_MAX_PARTS", text)).Settings().S3?.MostParts);

    [Theory]
    [InlineData("99")]
    [InlineData("10001")]
    public void No_server_takes_as_many_parts(string text) =>
        Assert.Equal("BACKUP_S3_MAX_PARTS", Said.EnoughForS3.With("BACKUP_S3_MAX_PARTS", text).Fault().Setting);
}
