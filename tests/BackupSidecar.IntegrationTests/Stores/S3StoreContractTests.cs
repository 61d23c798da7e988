using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>The S3 store against a real server over plain http.</summary>
public class S3StoreContractTests(CephServer ceph) : StoreContract
{
    private readonly Lazy<Task<string>> _bucket = new(ceph.NewBucketAsync);

    private protected virtual async Task<S3StoreSettings> SettingsAsync(string bucket) =>
        CephServer.Settings(await ceph.HttpAsync(), bucket);

    private protected override async Task<IBackupStore> OpenAsync(string backupName)
    {
        var settings = await SettingsAsync(await _bucket.Value) with { PartSize = PartSize };
        return new S3Store(settings, backupName, TimeProvider.System, NullLogger.Instance);
    }

    private protected override async Task AssertNothingUnfinishedAsync()
    {
        using var admin = await ceph.AdminAsync();
        var bucket = await _bucket.Value;

        var uploads = await admin.ListMultipartUploadsAsync(bucket, Token);
        Assert.Empty(uploads.MultipartUploads ?? []);
        var objects = await admin.ListObjectsV2Async(new() { BucketName = bucket, Prefix = $"{BackupName}/." }, Token);
        Assert.Empty(objects.S3Objects ?? []);
    }
}

/// <summary>The same over https with a certificate of a private authority.</summary>
public sealed class S3StoreTlsContractTests(CephServer ceph) : S3StoreContractTests(ceph)
{
    private readonly CephServer _ceph = ceph;

    private protected override async Task<S3StoreSettings> SettingsAsync(string bucket) =>
        CephServer.Settings(await _ceph.HttpsAsync(), bucket) with { CaFile = await _ceph.CaFileAsync() };
}

/// <summary>The same with checksums that the server may check.</summary>
public sealed class S3StoreChecksumContractTests(CephServer ceph) : S3StoreContractTests(ceph)
{
    private readonly CephServer _ceph = ceph;

    private protected override async Task<S3StoreSettings> SettingsAsync(string bucket) =>
        CephServer.Settings(await _ceph.HttpAsync(), bucket) with { Checksums = S3Checksums.Always };
}
