using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs;
using BackupSidecar.Tests.Retention;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Runs;

public sealed class RetentionRunTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly ArchiveSettings Unsigned = new() { CompressionThreads = 1 };
    private static readonly ArchiveSettings Signed = Unsigned with { EncryptionKey = new Secret("the passphrase of these backups") };

    private readonly MemoryStore _store = new();
    private readonly RecordingLog _log = new();

    [Fact]
    public async Task Backups_of_the_configured_key_are_pruned()
    {
        AddBackups(Signed);

        var plan = await PlanAsync(Signed);

        Assert.Equal((10, 8), (plan.Decisions.Count, plan.Removals.Count()));
    }

    [Fact]
    public async Task Without_any_key_unsigned_backups_are_pruned()
    {
        AddBackups(Unsigned);

        Assert.Equal(8, (await PlanAsync(Unsigned)).Removals.Count());
    }

    [Fact]
    public async Task A_key_that_was_lost_costs_no_backup()
    {
        AddBackups(Signed);

        Assert.Empty((await PlanAsync(Unsigned)).Decisions);
        Assert.Contains(_log.Lines, line => line.Contains("leaves 10 archives alone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_was_changed_costs_no_backup()
    {
        AddBackups(Signed);

        Assert.Empty((await PlanAsync(Unsigned with { EncryptionKey = new Secret("another passphrase") })).Decisions);
        Assert.Contains(_log.Lines, line => line.Contains("leaves 10 archives alone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Backups_of_old_keys_that_are_configured_are_counted_and_pruned()
    {
        AddBackups(Signed);

        var plan = await PlanAsync(Unsigned with { EncryptionKey = new Secret("another passphrase"), OldEncryptionKeys = Signed.Passphrases });

        Assert.Equal((10, 8), (plan.Decisions.Count, plan.Removals.Count()));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_key_that_is_new_costs_no_backup()
    {
        AddBackups(Unsigned);

        Assert.Empty((await PlanAsync(Signed)).Decisions);
    }

    public void Dispose() => _store.Dispose();

    private async Task<BackupSidecar.Retention.RetentionPlan> PlanAsync(ArchiveSettings archive)
    {
        var settings = new Settings
        {
            Name = "app",
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = archive,
            Retention = new RetentionSettings { Days = 1, Minimum = 2 },
            Hooks = new HookSettings(),
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = "/state", Staging = "/staging" },
            Log = new LogSettings(),
        };
        var run = new RetentionRun(settings, new FakeClock(Now), _log);
        return await run.PlanAsync(_store, TestContext.Current.CancellationToken);
    }

    /// <summary>One a day for ten days.</summary>
    private void AddBackups(ArchiveSettings archive)
    {
        for (var day = 0; day < 10; day++)
        {
            var started = Now.AddHours(-1).AddDays(-day);
            var name = new ArchiveName("app", started.DateTime, ".tar.gz");
            var manifest = new Manifest
            {
                CreatedBy = "a test",
                RunId = Guid.NewGuid(),
                BackupName = "app",
                Archive = name.FileName,
                StartedAt = started,
                FinishedAt = started,
                TimeZone = "UTC",
                Compression = "gzip",
                Encryption = "none",
                Sources = [],
                Stored = new StoredArchive(4, ""),
            };
            _store.Add(name.FileName, "data");
            _store.Add(name.ManifestFileName, System.Text.Encoding.UTF8.GetString(new ManifestFile(archive, "app").Write(manifest)));
        }
    }
}
