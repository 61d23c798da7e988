using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores.S3;
using BackupSidecar.Tests.Verification;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Backups that are verified in a real S3 server.</summary>
public sealed class S3VerifyTests(CephServer ceph) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backup-sidecar-verify-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Damages => [.. StoredDamage.All.Keys];

    [Fact]
    public async Task A_whole_backup_is_good_at_both_levels_and_nothing_stays_in_staging()
    {
        using var store = await OpenAsync();
        await StoreAsync(store, hour: 3);

        foreach (var level in new[] { VerificationLevel.Stored, VerificationLevel.Content })
        {
            var report = await VerifyAsync(store, new VerifyOptions { Level = level });

            Assert.Empty(report.Problems);
            Assert.Equal((RunOutcome.Succeeded, VerificationResult.Good), (report.Outcome, report.Verified.Single().Result));
        }
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_refused(string damage)
    {
        using var store = await OpenAsync();
        var other = await StoreAsync(store, hour: 3);
        var name = await StoreAsync(store, hour: 4);
        await StoredDamage.All[damage].DoAsync(store, name, other, Token);

        foreach (var level in new[] { VerificationLevel.Stored, VerificationLevel.Content })
        {
            // An archive without a manifest is no backup any more, and looked at only if it is named.
            var report = await VerifyAsync(store, new VerifyOptions { Backup = name.Timestamp, Level = level });

            Assert.Equal((RunOutcome.Refused, VerificationResult.Refused), (report.Outcome, report.Verified.Single().Result));
            Assert.Contains(StoredDamage.All[damage].Words, report.Problems[0], StringComparison.Ordinal);
        }
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_no_verdict()
    {
        var settings = CephServer.Settings(new Uri("http://127.0.0.1:1"), "bucket");
        using var store = new S3Store(settings, "shop", TimeProvider.System, NullLogger.Instance);

        var report = await VerifyAsync(store, new VerifyOptions());

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Empty(report.Verified);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ArchiveSettings Keys { get; } = new() { EncryptionKey = new Secret("a passphrase of this test") };

    private async Task<S3Store> OpenAsync() =>
        new(CephServer.Settings(await ceph.HttpAsync(), await ceph.NewBucketAsync()), "shop", TimeProvider.System, NullLogger.Instance);

    private static async Task<ArchiveName> StoreAsync(S3Store store, int hour)
    {
        var name = new ArchiveName("shop", new DateTime(2026, 11, 20, hour, 0, 0, DateTimeKind.Unspecified), ".tar.gz.gpg");
        // Of another size for each hour, in the archive too, which tar fills up to whole blocks: that is what tells two backups apart first.
        var content = RandomNumberGenerator.GetBytes(2_000_000 + hour * 4096);
        using var archive = new MemoryStream();
        using (var writer = ArchiveWriter.Create(Keys, archive))
        {
            writer.WriteFile("noise", content, new EntryAttributes(0x180, 0, 0, DateTimeOffset.UnixEpoch));
            writer.Complete();
        }
        var manifest = new Manifest
        {
            CreatedBy = "a test",
            RunId = Guid.NewGuid(),
            BackupName = "shop",
            Archive = name.FileName,
            StartedAt = DateTimeOffset.UnixEpoch,
            FinishedAt = DateTimeOffset.UnixEpoch,
            TimeZone = "UTC",
            Compression = "gzip",
            Encryption = "passphrase",
            Sources =
            [
                new ManifestSource
                {
                    Kind = SourceKind.File,
                    Entry = "noise",
                    Origin = "x",
                    State = SourceState.Complete,
                    Bytes = content.Length,
                    Entries = 1,
                    Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
                },
            ],
            Stored = new StoredArchive(archive.Length, Convert.ToHexStringLower(SHA256.HashData(archive.ToArray()))),
        };
        await store.PutAsync(name.FileName, archive.ToArray(), Token);
        await store.PutAsync(name.ManifestFileName, new ManifestFile(Keys, "shop").Write(manifest), Token);
        return name;
    }

    private Task<RunReport> VerifyAsync(S3Store store, VerifyOptions options)
    {
        var settings = new Settings
        {
            Name = "shop",
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = Keys,
            Retention = new RetentionSettings(),
            Hooks = new HookSettings(),
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = _folder, Staging = _folder },
            Log = new LogSettings(),
        };
        return new VerifyRun(settings, [store], TimeProvider.System, NullLogger.Instance).RunAsync(Guid.NewGuid(), options, _ => { }, Token);
    }
}
