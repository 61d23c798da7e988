using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>What a probe and a sweep say and do, against a real server and against one that refuses.</summary>
public sealed class S3ProbeTests(CephServer ceph)
{
    private const string SecretKey = "not-the-secret-key";

    private readonly Log _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_bucket_is_named()
    {
        await AssertRefusedAsync(CephServer.Settings(await ceph.HttpAsync(), "no-such-bucket"), "bucket no-such-bucket does not exist");
    }

    [Fact]
    public async Task A_wrong_secret_key_is_told_from_an_unknown_access_key()
    {
        var settings = CephServer.Settings(await ceph.HttpAsync(), await ceph.NewBucketAsync());

        await AssertRefusedAsync(settings with { SecretKey = new Secret(SecretKey) }, "BACKUP_S3_SECRET_KEY");
        await AssertRefusedAsync(settings with { AccessKey = new Secret("unknown") }, "BACKUP_S3_ACCESS_KEY");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_with_its_port()
    {
        await AssertRefusedAsync(CephServer.Settings(new Uri("http://127.0.0.1:1"), "bucket"), "127.0.0.1:1 cannot be reached");
    }

    [Fact]
    public async Task A_host_that_does_not_exist_is_named()
    {
        await AssertRefusedAsync(CephServer.Settings(new Uri("http://no-such-host.invalid:9000"), "bucket"), "no-such-host.invalid:9000 cannot be reached");
    }

    [Fact]
    public async Task A_private_authority_is_trusted_only_if_its_certificate_is_named()
    {
        var settings = CephServer.Settings(await ceph.HttpsAsync(), await ceph.NewBucketAsync());

        await AssertRefusedAsync(settings, "BACKUP_S3_CA_FILE");
        await AssertRefusedAsync(settings with { CaFile = "/dev/null" }, "no certificate");
        await AssertRefusedAsync(settings with { CaFile = "/no/such/file" }, "/no/such/file cannot be read");
        using var store = Open(settings with { CaFile = await ceph.CaFileAsync() });
        await store.ProbeAsync(Token);
    }

    [Fact]
    public async Task A_server_without_TLS_is_told_from_one_that_is_not_trusted()
    {
        var http = await ceph.HttpAsync();

        await AssertRefusedAsync(CephServer.Settings(new Uri($"https://{http.Host}:{http.Port}"), "bucket"), "seems to speak plain http on that port");
    }

    [Fact]
    public async Task A_certificate_of_another_host_is_refused_although_its_authority_is_named()
    {
        // The certificate names 127.0.0.1; this writing of the same address reaches the server, but is not in it.
        var https = await ceph.HttpsAsync();
        var settings = CephServer.Settings(new Uri($"https://[::ffff:127.0.0.1]:{https.Port}"), "bucket");

        await AssertRefusedAsync(settings with { CaFile = await ceph.CaFileAsync() }, "no trusted TLS connection");
    }

    [Theory]
    [InlineData("GET", 403, "AccessDenied", "s3:ListBucket")]
    [InlineData("PUT", 403, "AccessDenied", "s3:PutObject")]
    [InlineData("HEAD", 403, "AccessDenied", "s3:GetObject")]
    [InlineData("PUT", 403, "QuotaExceeded", "quota")]
    [InlineData("GET", 403, "ExpiredToken", "session token")]
    [InlineData("GET", 301, "PermanentRedirect", "BACKUP_S3_REGION")]
    [InlineData("GET", 400, "AuthorizationHeaderMalformed", "BACKUP_S3_REGION")]
    [InlineData("GET", 503, "SlowDown", "SlowDown")]
    [InlineData("GET", 418, "Teapot", "418 Teapot: injected")]
    public async Task What_the_server_refuses_is_explained(string method, int status, string code, string expected)
    {
        await using var proxy = new FaultProxy(await ceph.HttpAsync(), request => request.HttpMethod == method ? Fault.Answer.Error(status, code) : null);

        await AssertRefusedAsync(CephServer.Settings(proxy.Endpoint, await ceph.NewBucketAsync()), expected);
    }

    [Fact]
    public async Task Clocks_that_differ_too_much_are_measured()
    {
        await using var proxy = new FaultProxy(await ceph.HttpAsync(), _ => Fault.Answer.Error(403, "RequestTimeTooSkewed"));

        await AssertRefusedAsync(CephServer.Settings(proxy.Endpoint, "bucket"), "60 min behind", TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Clocks_that_begin_to_differ_are_a_warning()
    {
        using var store = Open(CephServer.Settings(await ceph.HttpAsync(), await ceph.NewBucketAsync()), TimeSpan.FromMinutes(-5));

        await store.ProbeAsync(Token);

        Assert.Contains(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("5 min ahead", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_append_only_bucket_passes_with_a_note()
    {
        await using var proxy = new FaultProxy(await ceph.HttpAsync(), request => request.HttpMethod == "DELETE" ? Fault.Answer.Error(403, "AccessDenied") : null);
        using var store = Open(CephServer.Settings(proxy.Endpoint, await ceph.NewBucketAsync()));

        await store.ProbeAsync(Token);

        Assert.Contains(_log.Lines, line => line.Contains("append-only", StringComparison.Ordinal));
        Assert.Empty(await store.ListAsync(Token).ToListAsync(Token));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public async Task A_success_that_was_none_is_written_again_and_named_if_it_stays_so(int lost)
    {
        var puts = 0;
        await using var proxy = new FaultProxy(
            await ceph.HttpAsync(), request => request.HttpMethod == "PUT" && ++puts <= lost ? Fault.Answer.Error(200, "InternalError") : null);
        var settings = CephServer.Settings(proxy.Endpoint, await ceph.NewBucketAsync());

        if (lost == int.MaxValue)
        {
            await AssertRefusedAsync(settings, "takes what is written, and does not have it afterwards");
        }
        else
        {
            using var store = Open(settings);
            await store.ProbeAsync(Token);
            Assert.Empty(await store.ListAsync(Token).ToListAsync(Token));
        }
        Assert.InRange(puts, 3, 4);
    }

    [Fact]
    public async Task A_sweep_aborts_old_uploads_of_this_backup_and_no_others()
    {
        string[] own = ["app/app-2026-11-18-030000.tar.gz", "app/app-2026-11-18-030000.tar.gz.gpg"];
        string[] foreign = ["app/notes.txt", "app/app-2-2026-11-18-030000.tar.gz", "app-2/app-2-2026-11-18-030000.tar.gz", "other"];
        var bucket = await ceph.NewBucketAsync();
        using var admin = await ceph.AdminAsync();
        foreach (var key in own.Concat(foreign))
            await admin.InitiateMultipartUploadAsync(new() { BucketName = bucket, Key = key }, Token);
        using var today = Open(CephServer.Settings(await ceph.HttpAsync(), bucket));
        using var later = Open(CephServer.Settings(await ceph.HttpAsync(), bucket), TimeSpan.FromHours(25));

        await today.SweepAsync(Token);
        Assert.Equal(6, (await admin.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads.Count);
        await later.SweepAsync(Token);

        var left = (await admin.ListMultipartUploadsAsync(bucket, Token)).MultipartUploads.Select(upload => upload.Key);
        Assert.Equal(foreign.Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }

    private async Task AssertRefusedAsync(S3StoreSettings settings, string expected, TimeSpan ahead = default)
    {
        using var store = Open(settings, ahead);

        var failure = await Assert.ThrowsAnyAsync<StoreException>(() => store.ProbeAsync(Token));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(settings.SecretKey!.Reveal(), failure.ToString(), StringComparison.Ordinal);
    }

    private S3Store Open(S3StoreSettings settings, TimeSpan ahead = default) =>
        new(settings, "app", new Patience { LongestTrouble = TimeSpan.Zero, LongestFirstLook = TimeSpan.Zero }, new ClockAhead(ahead), _log);

    private sealed class ClockAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
