using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Sources;
using BackupSidecar.Stores;
using BackupSidecar.Stores.Local;
using BackupSidecar.Targets;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Restore;

/// <summary>
/// A machine with something to back up and two stores ("local", and "s3" that can only be read forward), in a folder of its own:
/// makes real backups and restores them.
/// </summary>
internal sealed class RestoreScene : IDisposable
{
    public const string Name = "shop";

    private DateTime _clock = new(2026, 11, 20, 3, 0, 0, DateTimeKind.Unspecified);

    public RestoreScene()
    {
        Local = new LocalStore(Folder["store"], Name, TimeProvider.System);
        Far = new FarStore(new LocalStore(Folder["far"], Name, TimeProvider.System), "s3");
        Stores = [Local, Far];
        Settings = new Settings
        {
            Name = Name,
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = new ArchiveSettings { CompressionThreads = 2, EncryptionKey = new Secret("a passphrase of this test") },
            Retention = new RetentionSettings(),
            Hooks = new HookSettings(),
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = Folder.Make("state"), Staging = Folder.Make("staging") },
            Log = new LogSettings(),
        };
    }

    public TemporaryFolder Folder { get; } = new();

    public LocalStore Local { get; }

    public FarStore Far { get; }

    public IReadOnlyList<IBackupStore> Stores { get; set; }

    public Settings Settings { get; set; }

    public List<SourcePlan> Sources { get; } = [];

    public RecordingLog Log { get; } = new();

    /// <summary>What databases are restored with.</summary>
    public Func<DatabaseSourcePlan, string, IDatabaseEngine> Engines { get; set; } = (plan, _) => throw new InvalidOperationException(plan.EntryName);

    public BackupPlan Plan => new() { Name = Name, Sources = [.. Sources], ArchiveExtension = Settings.Archive.IsEncrypted ? ".tar.gz.gpg" : ".tar.gz" };

    public string AddDirectory(string name)
    {
        Sources.Add(new DirectorySourcePlan(name, Folder.Make(name)));
        return Folder[name];
    }

    public string AddFile(string name, string content)
    {
        Folder.Write(name, content);
        Sources.Add(new FileSourcePlan(Path.GetFileName(name), Folder[name]));
        return Folder[name];
    }

    /// <summary>Backs up what is there now, as a run does, and returns the archive's name.</summary>
    /// <param name="stores">Where to; the local store by default.</param>
    public async Task<ArchiveName> BackUpAsync(params IBackupStore[] stores)
    {
        using var sources = new SourceFactory(Settings, Engines, TimeProvider.System, Log).Open(Plan, Guid.NewGuid(), holdsRunLock: true);
        foreach (var source in sources.All)
        {
            await source.CheckAsync(Token);
            await source.PrepareAsync(Token);
        }
        return await StoreAsync(writer => [.. sources.All.Select(source => source.WriteTo(writer, Token))], stores);
    }

    /// <summary>Stores an archive with whatever content, and a true manifest of it.</summary>
    public async Task<ArchiveName> StoreAsync(Func<ArchiveWriter, IReadOnlyList<ManifestSource>> write, params IBackupStore[] stores)
    {
        var name = NewName();
        using var archive = new MemoryStream();
        IReadOnlyList<ManifestSource> taken;
        using (var writer = ArchiveWriter.Create(Settings.Archive, archive))
        {
            taken = write(writer);
            writer.WriteFile("manifest.json", "{}"u8, new EntryAttributes(0x180, 0, 0, DateTimeOffset.UnixEpoch));
            writer.Complete();
        }
        await PutAsync(name, archive.ToArray(), taken, stores);
        return name;
    }

    /// <summary>Stores any bytes as an archive, with a true manifest of it; without one if there are no sources.</summary>
    public async Task<ArchiveName> StoreAsync(byte[] archive, string extension, IReadOnlyList<ManifestSource>? sources)
    {
        var name = NewName() with { Extension = extension };
        await PutAsync(name, archive, sources);
        return name;
    }

    /// <summary>Restores with the plan confirmed, unless the test says otherwise.</summary>
    public Task<RunReport> RestoreAsync(RestoreOptions? options = null, CancellationToken? cancellation = null, Func<bool>? confirm = null) =>
        new RestoreRun(Settings, Plan, Stores, new RestoreTargets(Engines, Settings.Paths.Staging, Log), TimeProvider.System, Log)
            .RunAsync(Guid.NewGuid(), options ?? new RestoreOptions(), (_, _) => Task.FromResult(confirm?.Invoke() ?? true), cancellation ?? Token);

    /// <summary>Restores and expects that all went well.</summary>
    public async Task RestoredAsync(RestoreOptions? options = null)
    {
        var report = await RestoreAsync(options);
        Assert.Empty(report.Problems);
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
    }

    /// <summary>The time at which verifications believe to run.</summary>
    public TimeProvider VerifyClock { get; set; } = TimeProvider.System;

    /// <summary>Verifies, and returns with the report what was found of each copy.</summary>
    public async Task<(RunReport Report, IReadOnlyList<CopyVerification> Found)> VerifyAsync(VerifyOptions? options = null, CancellationToken? cancellation = null)
    {
        var found = new List<CopyVerification>();
        var report = await new VerifyRun(Settings, Stores, VerifyClock, Log)
            .RunAsync(Guid.NewGuid(), options ?? new VerifyOptions(), found.Add, cancellation ?? Token);
        return (report, found);
    }

    /// <summary>Hidden folders that restores left anywhere.</summary>
    public string Leftovers() => Folder.Shell("find . -name '.backup-sidecar-*'");

    public void Dispose() => Folder.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task PutAsync(ArchiveName name, byte[] archive, IReadOnlyList<ManifestSource>? sources, params IBackupStore[] stores)
    {
        var manifest = sources is null ? null : new ManifestFile(Settings.Archive, Name).Write(Describe(name, sources, archive));
        foreach (var store in stores.Length == 0 ? [Local] : stores)
        {
            await store.PutAsync(name.FileName, archive, Token);
            if (manifest is not null)
                await store.PutAsync(name.ManifestFileName, manifest, Token);
        }
    }

    private ArchiveName NewName()
    {
        _clock = _clock.AddMinutes(1);
        return new ArchiveName(Name, _clock, Plan.ArchiveExtension);
    }

    private Manifest Describe(ArchiveName name, IReadOnlyList<ManifestSource> sources, byte[] archive) => new()
    {
        CreatedBy = "a test",
        RunId = Guid.NewGuid(),
        BackupName = Name,
        Archive = name.FileName,
        StartedAt = DateTimeOffset.UnixEpoch,
        FinishedAt = DateTimeOffset.UnixEpoch,
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = Settings.Archive.RecipientsFile is not null ? "recipients" : name.IsEncrypted ? "passphrase" : "none",
        Sources = sources,
        Stored = new StoredArchive(archive.Length, Convert.ToHexStringLower(SHA256.HashData(archive))),
    };
}
