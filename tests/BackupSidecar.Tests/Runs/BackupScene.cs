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
using BackupSidecar.Stores.Local;
using BackupSidecar.Targets;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Runs;

/// <summary>
/// Everything around a backup run: a directory to back up, a local store and one called "s3", an engine with a service that is
/// stopped meanwhile, and somebody who is told. gpg and tar are the real ones.
/// </summary>
internal sealed class BackupScene : IAsyncDisposable
{
    public const string Name = "shop";

    private readonly TemporaryFolder _folder = new();
    private readonly Listener _listener = new();

    /// <param name="far">Makes the store called "s3"; a second folder by default.</param>
    public BackupScene(Func<TimeProvider, IBackupStore>? far = null)
    {
        App = Daemon.Add("shop-app-1", "shop", "app");
        Local = new LocalStore(_folder["store"], Name, Clock) { Mark = new FolderMark(_folder["store", Name], _folder["state"], Log) };
        Far = new FaultyStore(far?.Invoke(Clock) ?? new LocalStore(_folder["far"], Name, Clock));
        _folder.Write("uploads/picture", "a picture");
        Sources.Add(new DirectorySourcePlan("uploads", _folder["uploads"]));
        Settings = new Settings
        {
            Name = Name,
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings
            {
                Stop = ["app"],
                ComposeProject = "shop",
                DockerHost = Daemon.Host,
                StopWait = TimeSpan.Zero,
                StartWait = TimeSpan.Zero,
            },
            Archive = new ArchiveSettings { CompressionThreads = 2, EncryptionKey = new Secret("a passphrase of this test") },
            Retention = new RetentionSettings(),
            Hooks = new HookSettings { Directory = _folder["hooks"] },
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = _folder.Make("state"), Staging = _folder.Make("staging") },
            Log = new LogSettings(),
        };
    }

    public FakeDockerDaemon Daemon { get; } = new();

    public FakeContainer App { get; }

    public LocalStore Local { get; }

    public FaultyStore Far { get; }

    public StandingClock Clock { get; } = new();

    public RecordingLog Log { get; } = new();

    /// <summary>What sources log to.</summary>
    public ILogger? SourceLog { get; init; }

    public Settings Settings { get; set; }

    public List<SourcePlan> Sources { get; } = [];

    /// <summary>What a server answers that is asked for its databases.</summary>
    public Func<DatabaseServerPlan, Task<IReadOnlyList<string>>> Databases { get; set; } = server => throw new InvalidOperationException(server.EntryName);

    /// <summary>When the schedule wants the next run.</summary>
    public Func<DateTimeOffset, DateTimeOffset?> NextRun { get; set; } = _ => null;

    public IReadOnlyList<RunReport> Told => _listener.Told;

    public History History => new(Settings.Paths.State);

    public string this[params string[] parts] => _folder[parts];

    private BackupPlan Plan => new() { Name = Name, Sources = [.. Sources], ArchiveExtension = Settings.Archive.IsEncrypted ? ".tar.gz.gpg" : ".tar.gz" };

    public async Task<RunReport> RunAsync(CancellationToken? interrupted = null)
    {
        using var notifiers = Notifiers();
        var retention = new RetentionRun(Settings, Clock, Log);
        var run = new BackupRun(
            Settings, Plan, new PlanExpansion((server, _) => Databases(server)), new SourceFactory(Settings, NoEngine, Clock, SourceLog ?? Log), [Local, Far], Local.Folder, Recovery(notifiers),
            retention, new MissedCopies(Settings, Local.Folder, retention, History, NextRun, Clock, Log), notifiers, History, new Redactor([]),
            new Progress<RunProgress>(), Clock, Log);
        var report = await run.RunAsync(interrupted ?? TestContext.Current.CancellationToken);
        Clock.Now += TimeSpan.FromMinutes(1);
        return report;
    }

    public async Task<IReadOnlyList<string>> RecoverAsync(RunLock held)
    {
        using var notifiers = Notifiers();
        return await Recovery(notifiers).RunAsync(held, TestContext.Current.CancellationToken);
    }

    public Task<RunReport> VerifyAsync() =>
        new VerifyRun(Settings, [Local, Far], Clock, Log).RunAsync(Guid.NewGuid(), new VerifyOptions(), _ => { }, TestContext.Current.CancellationToken);

    /// <summary>What a restore from that store makes of the picture.</summary>
    public async Task<string> RestoredAsync(RunReport backup, string store)
    {
        var folder = _folder[$"restored-{Guid.NewGuid():N}"];
        var options = new RestoreOptions { Backup = backup.Archive!, Store = store, ToDirectory = folder }; // It was stored.
        var report = await new RestoreRun(Settings, Plan, [Local, Far], new RestoreTargets(NoEngine, Settings.Paths.Staging, Log), Clock, Log)
            .RunAsync(Guid.NewGuid(), options, (_, _) => Task.FromResult(true), TestContext.Current.CancellationToken);
        Assert.True(report.Outcome == RunOutcome.Succeeded, string.Join(' ', report.Problems));
        return await File.ReadAllTextAsync(Path.Combine(folder, "uploads", "picture"), TestContext.Current.CancellationToken);
    }

    /// <summary>Forgets what was recorded until now, for tests of many runs.</summary>
    public void Forget()
    {
        Log.Clear();
        Daemon.Forget();
        _listener.Told.Clear();
    }

    /// <summary>"STORE STATE" of every archive in the stores, the newest first.</summary>
    public async Task<IReadOnlyList<string>> ListAsync()
    {
        var catalog = await new CatalogReader([Local, Far], new ManifestFile(Settings.Archive, Name), Name)
            .ReadAsync(TestContext.Current.CancellationToken);
        return [.. catalog.Entries.SelectMany(entry => entry.Copies).Select(copy => $"{copy.Store} {Catalog.Word(copy.State)}")];
    }

    public async Task<Manifest> ManifestAsync(RunReport report) =>
        new ManifestFile(Settings.Archive, Name).Read(
            await File.ReadAllBytesAsync(Path.Combine(Local.Folder, report.Archive + ".manifest.json"), TestContext.Current.CancellationToken)).Manifest;

    /// <summary>The place of the first line in the log that contains this.</summary>
    public int Logged(string text) => Log.Lines.ToList().FindIndex(line => line.Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        _folder.Dispose();
    }

    private NotifierGroup Notifiers() => new([_listener], TimeProvider.System, Log);

    private Recovery Recovery(NotifierGroup notifiers) => new(
        Settings, Plan, new RestoreTargets(NoEngine, Settings.Paths.Staging, Log),
        notifiers, History, Clock, Log);

    private static IDatabaseEngine NoEngine(DatabaseSourcePlan plan, string privateDirectory) => throw new InvalidOperationException(plan.EntryName);

    private sealed class Listener : INotifier
    {
        public List<RunReport> Told { get; } = [];

        public string Name => "listener";

        public Task StartedAsync(Guid runId, CancellationToken cancellation) => Task.CompletedTask;

        public Task FinishedAsync(RunReport report, CancellationToken cancellation)
        {
            Told.Add(report);
            return Task.CompletedTask;
        }
    }
}

/// <summary>Shows the time that a test sets; waits take as long as they take.</summary>
internal sealed class StandingClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 20, 3, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
