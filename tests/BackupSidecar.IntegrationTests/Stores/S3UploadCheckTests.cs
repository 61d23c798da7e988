using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using BackupSidecar.Verification;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Whole runs whose copy is checked after the upload, in a real S3 server behind a proxy that changes, refuses and lies.</summary>
public sealed class S3UploadCheckTests(CephServer ceph) : FaultyServerTests(ceph)
{
    /// <summary>An archive of this content goes up in one request, and one of the other in three parts.</summary>
    private const int Small = 100_000;
    private const int Large = (2 * PartSize) + 100_000;

    private readonly Log _log = new();

    [Theory(Timeout = 600_000)]
    [InlineData(Small, (int)UploadCheck.Checksum)]
    [InlineData(Large, (int)UploadCheck.ReadBack)]
    public async Task What_came_in_one_request_is_proved_by_its_ETag_and_what_came_in_parts_by_reading_it_back(int size, int expected)
    {
        await using var proxy = await ProxyAsync(_ => null);
        using var backups = new S3Backups(_log);
        using var store = OpenFor(backups, proxy.Endpoint);

        var (report, sha256) = await backups.RunAsync(store, Content(size), Token);

        Assert.Equal((RunOutcome.Succeeded, (UploadCheck)expected), (report.Outcome, report.Stores.Single().Checked));
        Assert.Equal((UploadCheck)expected == UploadCheck.ReadBack, Gets(proxy) > 0);
        Assert.Equal(sha256, await backups.ContentOfAsync(store, report, Token));
    }

    /// <summary>Over TLS bodies are not signed, and this server stores what comes.</summary>
    [Theory(Timeout = 600_000)]
    [InlineData(Small)]
    [InlineData(Large)]
    public async Task A_bit_that_changed_on_the_way_up_makes_no_backup_and_the_next_run_makes_one(int size)
    {
        using var certificate = S3TransportTests.Certificate();
        var caFile = Path.Combine(Staging, "ca.pem");
        await File.WriteAllTextAsync(caFile, certificate.ExportCertificatePem(), Token);
        await using var plain = await ProxyAsync(_ => null);
        var flips = 1;
        await using var proxy = new FaultProxy(await Ceph.HttpAsync(), request => IsArchive(request, "PUT") && Interlocked.Decrement(ref flips) >= 0 ? new Fault.FlipRequest() : null, certificate);
        using var backups = new S3Backups(_log);
        using var store = backups.Open(CephServer.Settings(proxy.Endpoint, Bucket) with { PartSize = PartSize, CaFile = caFile }, Quick);

        var (refused, _) = await backups.RunAsync(store, Content(size), Token);
        Assert.Empty((await backups.ListAsync(store, Token)).Entries);
        await AssertNothingLeftAsync();
        var (report, sha256) = await backups.RunAsync(store, Content(size), Token);

        Assert.Equal(RunOutcome.Failed, refused.Outcome);
        Assert.Contains("its bytes are not those that were written", Assert.Single(refused.Problems), StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal(sha256, await backups.ContentOfAsync(store, report, Token));
    }

    [Theory(Timeout = 600_000)]
    [InlineData((int)VerifyAfter.Auto, 403, "AccessDenied", (int)RunOutcome.Succeeded)]
    [InlineData((int)VerifyAfter.Auto, 503, "SlowDown", (int)RunOutcome.Partial)]
    [InlineData((int)VerifyAfter.Stored, 403, "AccessDenied", (int)RunOutcome.Failed)]
    [InlineData((int)VerifyAfter.Stored, 503, "SlowDown", (int)RunOutcome.Failed)]
    public async Task What_the_server_does_not_give_back_is_a_backup_unless_all_has_to_be_read(int how, int status, string code, int expected)
    {
        var isFailing = true;
        await using var proxy = await ProxyAsync(request => isFailing && IsArchive(request, "GET") ? Fault.Answer.Error(status, code) : null);
        using var backups = new S3Backups(_log, (VerifyAfter)how);
        using var store = OpenFor(backups, proxy.Endpoint);

        var (report, sha256) = await backups.RunAsync(store, Content(Large), Token);
        isFailing = false;

        Assert.True((RunOutcome)expected == report.Outcome, $"{report.Outcome}: {string.Join('\n', _log.Lines)}");
        Assert.Contains(report.Problems.Concat(report.Warnings), sentence => sentence.Contains(code == "SlowDown" ? code : "s3:GetObject", StringComparison.Ordinal));
        if ((RunOutcome)expected == RunOutcome.Failed)
        {
            await AssertNothingLeftAsync();
            return;
        }
        Assert.Equal(UploadCheck.Size, report.Stores.Single().Checked);
        Assert.Equal(CatalogState.Complete, Assert.Single((await backups.ListAsync(store, Token)).Entries).State);
        Assert.Equal(sha256, await backups.ContentOfAsync(store, report, Token));
    }

    /// <summary>As AWS does it for what comes without a checksum. Ceph has none of these, so the proxy adds them.</summary>
    [Theory(Timeout = 600_000)]
    [InlineData("x-amz-checksum-crc64nvme", (int)ChecksumKind.Crc64Nvme, true)]
    [InlineData("x-amz-checksum-crc64nvme", (int)ChecksumKind.Crc64Nvme, false)]
    [InlineData("x-amz-checksum-crc32c", (int)ChecksumKind.Crc32C, true)]
    [InlineData("x-amz-checksum-sha256", (int)ChecksumKind.Sha256, true)]
    public async Task A_checksum_of_the_whole_object_that_the_server_computed_is_taken_if_it_fits(string header, int kind, bool fits)
    {
        using var spool = SealedSpool(Large);
        var value = await SpoolChecksum.ComputeAsync(spool, (ChecksumKind)kind, Token);
        value[0] ^= fits ? (byte)0 : (byte)1;
        await using var proxy = await ProxyAsync(_ => null);
        await using var typed = new FaultProxy(proxy.Endpoint, request => request.HttpMethod == "HEAD" ? new Fault.Retitle("x-amz-checksum-type", "FULL_OBJECT") : null);
        await using var summed = new FaultProxy(typed.Endpoint, request => request.HttpMethod == "HEAD" ? new Fault.Retitle(header, Convert.ToBase64String(value)) : null);
        using var store = Open(summed.Endpoint);
        await store.UploadAsync(Archive, spool, Token);

        var found = await CopyIn(store, spool).CheckAsync(VerifyAfter.Auto, Token);

        Assert.Equal(fits ? UploadCheck.Checksum : UploadCheck.ReadBack, found.Check);
        Assert.Equal(fits ? 0 : 2, Gets(proxy));
        await AssertStoredAsync(spool);
    }

    /// <summary>What was sent along may be no more than repeated, and a checksum of checksums is none of the object.</summary>
    [Theory(Timeout = 600_000)]
    [InlineData((int)S3Checksums.Always, "FULL_OBJECT")]
    [InlineData((int)S3Checksums.WhenRequired, "COMPOSITE")]
    public async Task Our_own_words_are_no_evidence(int checksums, string type)
    {
        using var spool = SealedSpool(Large);
        var (_, sha256) = await spool.Sealed;
        await using var proxy = await ProxyAsync(_ => null);
        await using var typed = new FaultProxy(proxy.Endpoint, request => request.HttpMethod == "HEAD" ? new Fault.Retitle("x-amz-checksum-type", type) : null);
        await using var summed = new FaultProxy(typed.Endpoint, request => request.HttpMethod == "HEAD" ? new Fault.Retitle("x-amz-checksum-sha256", Convert.ToBase64String(Convert.FromHexString(sha256))) : null);
        using var store = new S3Store(CephServer.Settings(summed.Endpoint, Bucket) with { PartSize = PartSize, Checksums = (S3Checksums)checksums }, "app", Quick, TimeProvider.System, _log);
        await store.UploadAsync(Archive, spool, Token);

        Assert.Equal(UploadCheck.ReadBack, (await CopyIn(store, spool).CheckAsync(VerifyAfter.Auto, Token)).Check);
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_what_is_too_large_to_read_back_samples_are_read_although_every_fifth_request_fails()
    {
        using var spool = SealedSpool(Large);
        var count = 0;
        await using var proxy = await ProxyAsync(request => request.HttpMethod == "GET" && Interlocked.Increment(ref count) % 5 == 0 ? new Fault.CutBody() : null);
        using var store = Open(proxy.Endpoint);
        await store.UploadAsync(Archive, spool, Token);

        Assert.Equal(new CheckedUpload(UploadCheck.Samples), await new UploadedCopy(store, Name, spool, _log) { ReadBackLimit = Large - 1 }.CheckAsync(VerifyAfter.Auto, Token));

        Assert.InRange(Gets(proxy), 34, 2 * 34);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_list_says_what_was_read_back()
    {
        await using var proxy = await ProxyAsync(_ => null);
        using var program = new BackupSidecar.Tests.Commands.BuiltProgram();
        foreach (var (name, value) in CephServer.Variables(proxy.Endpoint, Bucket))
            program.Settings[name] = value;
        program.Settings["BACKUP_VERIFY_AFTER"] = "stored";
        await File.WriteAllBytesAsync(program.Path("source", "noise"), Content(Small), Token);

        var backup = await program.RunAsync("backup");
        var list = await program.RunAsync("list", "--json");

        Assert.True(backup.ExitCode == 0, backup.Everything);
        var copies = Assert.Single(list.Json.EnumerateArray()).GetProperty("stores").EnumerateArray();
        Assert.Equal(["local stored good", "s3 stored good"], copies.Select(copy =>
            $"{copy.GetProperty("store")} {copy.GetProperty("verified").GetProperty("level")} {copy.GetProperty("verified").GetProperty("result")}"));
    }

    private static ArchiveName Name => new("app", new DateTime(2026, 11, 20, 3, 0, 0, DateTimeKind.Unspecified), ".tar.gz");

    private static bool IsArchive(ProxiedRequest request, string method) =>
        request.HttpMethod == method && request.RawUrl.Split('?')[0].EndsWith(".tar.gz.gpg", StringComparison.Ordinal);

    private static int Gets(FaultProxy proxy) =>
        proxy.Requests.Count(line => line.StartsWith("GET", StringComparison.Ordinal) && line.Contains(".tar.gz", StringComparison.Ordinal)
            && !line.Contains('?', StringComparison.Ordinal) && !line.Contains("manifest", StringComparison.Ordinal));

    private UploadedCopy CopyIn(S3Store store, Spool spool) => new(store, Name, spool, _log);

    private S3Store OpenFor(S3Backups backups, Uri endpoint) => backups.Open(CephServer.Settings(endpoint, Bucket) with { PartSize = PartSize }, Quick);
}
