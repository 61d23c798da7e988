using System.Collections.Concurrent;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>
/// One request in five fails, in one of the ways in which requests fail. Whatever a run then says is true: what it calls stored can
/// be read back to the byte, nothing that was there is overwritten, and a day later nothing unfinished is left.
/// </summary>
public sealed class RandomFaultTests(CephServer ceph)
{
    private static readonly Patience Patience = new()
    {
        LongestTrouble = TimeSpan.FromSeconds(10),
        LongestFirstLook = TimeSpan.FromSeconds(10),
        LongestAsked = TimeSpan.FromMilliseconds(20),
        FirstWait = TimeSpan.FromMilliseconds(2),
        LongestWait = TimeSpan.FromMilliseconds(20),
        LongestAnswer = TimeSpan.FromSeconds(1),
        LongestSilence = TimeSpan.FromSeconds(1),
    };

    private static readonly Fault[] Faults =
    [
        Fault.Answer.Error(500, "InternalError"),
        Fault.Answer.Error(503, "SlowDown", ("Retry-After", "1")),
        Fault.Answer.Error(503, "ServiceUnavailable"),
        Fault.Answer.Error(429, "TooManyRequests"),
        Fault.Answer.Error(200, "InternalError"),
        new Fault.Answer(502, "<html>Bad Gateway</html>"),
        new Fault.Answer(504),
        new Fault.Reset(),
        new Fault.ResetInRequest(),
        new Fault.LoseAnswer(),
        new Fault.LoseAnswer(),
        new Fault.OtherAnswer(Fault.Answer.Error(500, "InternalError")),
        new Fault.CutBody(),
        new Fault.FlipRequest(),
    ];

    private readonly Log _log = new();
    private readonly ConcurrentDictionary<string, int> _tries = new();
    private readonly Dictionary<string, (string ETag, DateTime? WrittenAt)> _seen = [];
    private readonly List<string> _violations = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 3_600_000)]
    public async Task What_runs_say_is_true_while_one_request_in_five_fails()
    {
        var random = LongRun.Random();
        var runs = LongRun.Of(10, 500);
        var bucket = await ceph.NewBucketAsync();
        var (run, failed, undoubted) = (0, 0, 0);
        await using var proxy = new FaultProxy(await ceph.HttpAsync(), request => Draw(run, request));
        using var backups = new S3Backups(_log);
        using var direct = backups.Open(CephServer.Settings(await ceph.HttpAsync(), bucket));

        for (run = 1; run <= runs; run++)
        {
            using var store = backups.Open(CephServer.Settings(proxy.Endpoint, bucket) with { PartSize = 5 << 20 }, Patience);
            var content = new byte[random.Next(3) == 0 ? random.Next(6 << 20, 14 << 20) : random.Next(200_000)];
            random.NextBytes(content);
            var (report, sha256) = await backups.RunAsync(store, content, Token);

            if (report.Outcome == RunOutcome.Succeeded)
                await ReadBackAsync(backups, direct, report, sha256);
            else
                failed++;
            if (report.Outcome != RunOutcome.Succeeded && await IsListedAsync(backups, direct, report))
                undoubted++;
            await LookForOverwritingAsync(bucket, run);
        }
        await backups.SweepTomorrowAsync(direct, Token);
        await LookForLeftoversAsync(backups, direct, bucket);

        var requests = _tries.Values.Sum();
        LongRun.Tell($"{runs} runs, {failed} failed and said so ({undoubted} of them although the backup is there), {_violations.Count} violations, "
            + $"{requests} requests where {_tries.Count} would have done");
        Assert.True(_violations.Count == 0, $"BACKUP_TEST_SEED={LongRun.Seed}\n{string.Join('\n', _violations)}");
        Assert.True(failed <= runs / 100, $"BACKUP_TEST_SEED={LongRun.Seed}: {failed} runs failed\n{string.Join('\n', _log.Lines.Where(line => line.StartsWith("Error", StringComparison.Ordinal)))}");
        Assert.InRange(requests, _tries.Count, 3 * _tries.Count);
    }

    /// <summary>The same fault for the same try of the same request, in whatever order parallel requests come.</summary>
    private Fault? Draw(int run, ProxiedRequest request)
    {
        var what = $"{run} {request.HttpMethod} {request.RawUrl.Split('?')[0]} {request.QueryString["partNumber"]} {request.QueryString["uploadId"] is not null} {request.QueryString["list-type"]} {request.Headers["Range"]}";
        var number = _tries.AddOrUpdate(what, 1, (_, count) => count + 1);
        var random = new Random(HashOf($"{LongRun.Seed} {what} {number}"));
        var fault = random.Next(5) == 0 ? Faults[random.Next(Faults.Length)] : null;
        return fault is Fault.ResetInRequest or Fault.FlipRequest && request.BodyBytes == 0 ? new Fault.Reset() : fault;
    }

    /// <summary>That of the framework differs from process to process.</summary>
    private static int HashOf(string text) => text.Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter));

    private async Task ReadBackAsync(S3Backups backups, S3Store direct, RunReport report, string sha256)
    {
        var verified = await backups.VerifyAsync(direct, new VerifyOptions { Backup = report.Timestamp }, Token);
        if (verified.Outcome != RunOutcome.Succeeded)
            _violations.Add($"{report.Archive} succeeded, but: {string.Join(' ', verified.Problems)}");
        if (await backups.ContentOfAsync(direct, report, Token) != sha256)
            _violations.Add($"{report.Archive} does not hold what was backed up.");
    }

    private static async Task<bool> IsListedAsync(S3Backups backups, S3Store direct, RunReport report) =>
        (await backups.ListAsync(direct, Token)).Entries.Any(entry => entry.Name.FileName == report.Archive && entry.State == CatalogState.Complete);

    private async Task LookForOverwritingAsync(string bucket, int run)
    {
        using var admin = await ceph.AdminAsync();
        var page = await admin.ListObjectsV2Async(new() { BucketName = bucket }, Token);
        foreach (var found in page.S3Objects ?? [])
        {
            if (found.Key.Contains("/.probe-", StringComparison.Ordinal))
                continue;
            if (_seen.TryGetValue(found.Key, out var before) && before != (found.ETag, found.LastModified))
                _violations.Add($"{found.Key} was overwritten in run {run}.");
            _seen[found.Key] = (found.ETag, found.LastModified);
        }
    }

    private async Task LookForLeftoversAsync(S3Backups backups, S3Store direct, string bucket)
    {
        using var admin = await ceph.AdminAsync();
        var uploads = await admin.ListMultipartUploadsAsync(bucket, Token);
        _violations.AddRange((uploads.MultipartUploads ?? []).Select(upload => $"An upload of {upload.Key} is left."));
        _violations.AddRange(backups.Staged.Select(path => $"{path} is left."));
        var catalog = await backups.ListAsync(direct, Token);
        foreach (var entry in catalog.Entries.Where(entry => entry.State == CatalogState.Complete))
        {
            var verified = await backups.VerifyAsync(direct, new VerifyOptions { Backup = entry.Name.Timestamp, Level = VerificationLevel.Stored }, Token);
            if (verified.Outcome != RunOutcome.Succeeded)
                _violations.Add($"{entry.Name.FileName} is listed as complete, but: {string.Join(' ', verified.Problems)}");
        }
    }
}
