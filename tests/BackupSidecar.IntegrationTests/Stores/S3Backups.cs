using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Notifications;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Whole backup runs, one a minute, of one file into one S3 store, with all of their stages but services and databases.</summary>
internal sealed class S3Backups : IDisposable
{
    private const string Name = "shop";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("s3-backups-");
    private readonly Settings _settings;
    private readonly BackupPlan _plan;
    private readonly ILogger _log;
    private readonly MovedClock _clock = new();

    public S3Backups(ILogger log, VerifyAfter verifyAfter = VerifyAfter.Auto)
    {
        _log = log;
        _settings = new Settings
        {
            Name = Name,
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = new ArchiveSettings { EncryptionKey = new Secret("a passphrase of this test") },
            VerifyAfter = verifyAfter,
            // Contents here are of any size.
            Anomalies = new AnomalySettings { Warn = null, Freeze = null },
            Retention = new RetentionSettings { Recent = 8, MaximumDeletions = 1000 },
            Hooks = new HookSettings { Directory = Folder("hooks") },
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = Folder("state"), Staging = Folder("staging") },
            Log = new LogSettings(),
        };
        _plan = new BackupPlan { Name = Name, Sources = [new FileSourcePlan("content", Content)], ArchiveExtension = ".tar.gz.gpg" };
    }

    public IEnumerable<string> Staged => Directory.EnumerateFileSystemEntries(_settings.Paths.Staging);

    private string Content => Path.Combine(_folder.FullName, "content");

    public S3Store Open(S3StoreSettings settings, Patience? patience = null) => new(settings, Name, patience ?? new Patience(), _clock, _log);

    /// <summary>Backs up new content of that size and returns the report and the content's digest.</summary>
    public async Task<(RunReport Report, string Sha256)> RunAsync(IBackupStore store, byte[] content, CancellationToken cancellation)
    {
        await File.WriteAllBytesAsync(Content, content, cancellation);
        using var notifiers = new NotifierGroup([], TimeProvider.System, _log);
        var history = new History(_settings.Paths.State);
        var recovery = new Recovery(_settings, _plan, new RestoreTargets(NoEngine, _settings.Paths.Staging, _log), notifiers, history, _clock, _log);
        var retention = new RetentionRun(_settings, _clock, _log);
        var run = new BackupRun(
            _settings, _plan, new PlanExpansion((_, _) => throw new NotSupportedException()), new SourceFactory(_settings, NoEngine, _clock, _log), [store],
            localFolder: null, recovery, retention, new MissedCopies(_settings, localFolder: null, retention, history, _ => null, _clock, _log), notifiers, history, new Redactor([]), new Progress<RunProgress>(), _clock, _log);
        var report = await run.RunAsync(cancellation);
        _clock.Ahead += TimeSpan.FromMinutes(1);
        return (report, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    /// <summary>Reads a backup back from a store, to its content.</summary>
    public Task<RunReport> VerifyAsync(IBackupStore store, VerifyOptions options, CancellationToken cancellation) =>
        new VerifyRun(_settings, [store], _clock, _log).RunAsync(Guid.NewGuid(), options, _ => { }, cancellation);

    public Task<Catalog> ListAsync(IBackupStore store, CancellationToken cancellation) =>
        new CatalogReader([store], new ManifestFile(_settings.Archive, Name), Name).ReadAsync(cancellation);

    /// <summary>The digest of the file as the stored archive gives it back.</summary>
    public async Task<string> ContentOfAsync(IBackupStore store, RunReport report, CancellationToken cancellation)
    {
        await using var stored = await store.OpenReadAsync(report.Archive!, cancellation); // A run that succeeded has one.
        using var archive = ArchiveReader.Open(stored, _plan.ArchiveExtension, _settings.Archive);
        var digest = "";
        while (archive.NextEntry(cancellation) is { } entry)
        {
            if (entry.Name == "content")
                digest = Convert.ToHexStringLower(SHA256.HashData(entry.Content));
        }
        archive.Complete();
        return digest;
    }

    /// <summary>What is left when a day has gone by, and the next run has swept.</summary>
    public Task SweepTomorrowAsync(IBackupStore store, CancellationToken cancellation)
    {
        _clock.Ahead += TimeSpan.FromHours(25);
        return store.SweepAsync(cancellation);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Folder(string name) => _folder.CreateSubdirectory(name).FullName;

    private static IDatabaseEngine NoEngine(DatabaseSourcePlan plan, string directory) => throw new NotSupportedException();

    private sealed class MovedClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }
}
