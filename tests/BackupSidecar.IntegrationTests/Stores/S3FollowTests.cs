using System.Security.Cryptography;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>An upload follows the archive while it is made, through a proxy that can be slow in front of a real server.</summary>
public sealed class S3FollowTests(CephServer ceph) : IDisposable
{
    private const string Archive = "app-2026-11-20-030000.tar.gz";
    private const int PartSize = 5 << 20;
    private const int Parts = 10;

    private readonly DirectoryInfo _staging = Directory.CreateTempSubdirectory("stores-follow-");
    private string _bucket = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_part_is_sent_as_soon_as_its_bytes_are_there_so_that_less_than_one_is_left_at_the_seal()
    {
        await using var proxy = await ProxyAsync(_ => null);
        using var store = Open(proxy.Endpoint);
        using var spool = NewSpool();
        var upload = store.UploadAsync(Archive, spool, Token);
        Grow(spool, 1);
        for (var part = 1; part <= Parts; part++)
        {
            Grow(spool, PartSize);
            await proxy.AnsweredAsync(part, "partNumber=", Token);
        }
        var beforeTheSeal = proxy.Requests.Count;

        spool.Seal();
        await upload;

        // The last part has one byte. Who looks whether the name is still free sends nothing.
        var writes = proxy.Requests.Skip(beforeTheSeal).Where(line => line.StartsWith('P')).ToList();
        Assert.Equal(2, writes.Count);
        Assert.Contains($"partNumber={Parts + 1}", writes[0], StringComparison.Ordinal);
        Assert.StartsWith("POST", writes[1], StringComparison.Ordinal);
        await AssertStoredAsync(spool);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_archive_that_is_made_faster_than_it_is_sent_waits_for_nobody_and_is_sent_four_parts_at_a_time_each_once()
    {
        var line = new TaskCompletionSource();
        await using var proxy = await ProxyAsync(request => request.QueryString["partNumber"] is null ? null : new Fault.Hold(line.Task));
        using var store = Open(proxy.Endpoint);
        using var spool = NewSpool();
        var upload = store.UploadAsync(Archive, spool, Token);

        Grow(spool, (Parts * PartSize) + 1);
        spool.Seal();
        await proxy.RequestedAsync(4, "partNumber=", Token);
        // Another request goes its way meanwhile, and there would be time for a fifth part.
        await store.FindAsync(Archive, Token);
        var (asked, answered) = (Count(proxy.Requests), Count(proxy.Answered));
        line.SetResult();
        await upload;

        Assert.Equal((4, 0), (asked, answered));
        Assert.Equal(Parts + 1, Count(proxy.Requests));
        Assert.Equal(Parts + 1, proxy.Requests.Where(IsPart).Distinct().Count());
        await AssertStoredAsync(spool);
    }

    public void Dispose() => _staging.Delete(recursive: true);

    private static bool IsPart(string request) => request.Contains("partNumber=", StringComparison.Ordinal);

    private static int Count(IEnumerable<string> requests) => requests.Count(IsPart);

    private static void Grow(Spool spool, int bytes) => spool.Writer.Write(RandomNumberGenerator.GetBytes(bytes));

    private Spool NewSpool() => new(_staging.FullName, $".{Archive}.partial", null);

    private async Task<FaultProxy> ProxyAsync(Func<ProxiedRequest, Fault?> decide)
    {
        _bucket = await ceph.NewBucketAsync();
        return new FaultProxy(await ceph.HttpAsync(), decide);
    }

    private S3Store Open(Uri endpoint) =>
        new(CephServer.Settings(endpoint, _bucket) with { PartSize = PartSize }, "app", TimeProvider.System, NullLogger.Instance);

    private async Task AssertStoredAsync(Spool spool)
    {
        using var admin = await ceph.AdminAsync();
        using var stored = await admin.GetObjectAsync(_bucket, $"app/{Archive}", Token);
        Assert.Equal((await spool.Sealed).Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(stored.ResponseStream, Token)));
    }
}
