using System.Security.Cryptography;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>A bucket of a real server behind a proxy that misbehaves, and a store that is quick to lose patience with it.</summary>
public abstract class FaultyServerTests(CephServer ceph) : IDisposable
{
    protected const string Archive = "app-2026-11-20-030000.tar.gz";
    protected const int PartSize = 5 << 20;

    private protected static readonly Patience Quick = new()
    {
        LongestTrouble = TimeSpan.FromMilliseconds(500),
        LongestFirstLook = TimeSpan.FromMilliseconds(500),
        LongestAsked = TimeSpan.FromMilliseconds(1),
        FirstWait = TimeSpan.FromMilliseconds(1),
        LongestWait = TimeSpan.FromMilliseconds(1),
    };

    private readonly DirectoryInfo _staging = Directory.CreateTempSubdirectory("stores-faults-");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected CephServer Ceph => ceph;

    protected string Bucket { get; private set; } = "";

    protected string Staging => _staging.FullName;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _staging.Delete(recursive: true);
    }

    private protected static bool IsComplete(ProxiedRequest request) => request.HttpMethod == "POST" && request.QueryString["uploadId"] is not null;

    private protected static bool IsStart(ProxiedRequest request) => request.HttpMethod == "POST" && request.RawUrl.EndsWith("?uploads", StringComparison.Ordinal);

    private protected static string? Part(ProxiedRequest request) => request.QueryString["partNumber"];

    private protected static int Count(FaultProxy proxy, string part) => proxy.Requests.Count(line => line.Contains(part, StringComparison.Ordinal));

    private protected async Task<FaultProxy> ProxyAsync(Func<ProxiedRequest, Fault?> decide)
    {
        if (Bucket == "")
            Bucket = await ceph.NewBucketAsync();
        return new FaultProxy(await ceph.HttpAsync(), decide);
    }

    private protected S3Store Open(Uri endpoint, Patience? patience = null, ILogger? log = null) =>
        new(CephServer.Settings(endpoint, Bucket) with { PartSize = PartSize }, "app", patience ?? Quick, TimeProvider.System, log ?? NullLogger.Instance);

    private protected Spool NewSpool() => new(Staging, $".{Archive}.partial", null);

    private protected Spool SealedSpool(int size)
    {
        var spool = NewSpool();
        spool.Writer.Write(Content(size));
        spool.Seal();
        return spool;
    }

    protected static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private protected async Task AssertStoredAsync(Spool spool)
    {
        using var admin = await ceph.AdminAsync();
        using var stored = await admin.GetObjectAsync(Bucket, $"app/{Archive}", Token);
        Assert.Equal((await spool.Sealed).Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(stored.ResponseStream, Token)));
    }

    protected async Task AssertNothingLeftAsync()
    {
        using var admin = await ceph.AdminAsync();
        Assert.Empty((await admin.ListObjectsV2Async(new() { BucketName = Bucket }, Token)).S3Objects ?? []);
        Assert.Empty((await admin.ListMultipartUploadsAsync(Bucket, Token)).MultipartUploads ?? []);
    }
}
