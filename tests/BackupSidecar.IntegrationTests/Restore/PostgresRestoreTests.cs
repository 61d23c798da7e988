using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Sources;
using BackupSidecar.Stores.Local;
using BackupSidecar.Targets;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Restore;

/// <summary>Databases and files restored together, with a real server.</summary>
public sealed class PostgresRestoreTests(Restore.PostgresServer server) : IClassFixture<Restore.PostgresServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backup-sidecar-restore-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_backup_of_docker_backup_sidecar_gives_back_its_database()
    {
        await server.QueryAsync("shop", "create database legacy");
        Directory.CreateDirectory(Path.Combine(_folder, "store", "blog"));
        File.Copy(Fixture("blog-2026-11-20-065208.tar.gz.gpg"), Path.Combine(_folder, "store", "blog", "blog-2026-11-20-065208.tar.gz.gpg"));

        var report = await RestoreAsync(
            Settings("blog", "legacy-fixture-passphrase"),
            new RestoreOptions { AllowUnverified = true },
            Database("postgres-shop.dump", "legacy"), new FileSourcePlan("appcfg", Path.Combine(_folder, "app.cfg")));

        Assert.Empty(report.Problems);
        Assert.Equal("3|5000\n", await server.QueryAsync("legacy", "select (select count(*) from users), (select count(*) from orders)"));
        Assert.True(File.Exists(Path.Combine(_folder, "app.cfg")));
    }

    [Fact]
    public async Task A_changed_database_and_its_files_become_what_they_were()
    {
        await server.QueryAsync("shop", "create database good");
        await server.QueryAsync("good", "create table t(v int primary key, note text); insert into t select g, 'row é ' || g from generate_series(1, 1000) g");
        var settings = Settings("good", "a passphrase");
        SourcePlan[] sources = [Database("postgres-good.dump", "good"), Files()];
        await BackUpAsync(settings, sources);
        await server.QueryAsync("good", "delete from t where v > 10; insert into t values (5000, 'new'); create table extra(x int)");
        await File.WriteAllTextAsync(Path.Combine(_folder, "files", "a"), "new", Token);

        var report = await RestoreAsync(settings, new RestoreOptions(), sources);

        Assert.Empty(report.Problems);
        Assert.Equal("1000|1000\n", await server.QueryAsync("good", "select count(*), max(v) from t where note = 'row é ' || v"));
        Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(_folder, "files", "a"), Token));
    }

    [Fact]
    public async Task A_database_that_cannot_be_restored_stays_as_it_is_and_so_do_the_files()
    {
        await server.QueryAsync("shop", "create database stuck");
        await server.QueryAsync("stuck", "create table t(v int); insert into t values (1)");
        var settings = Settings("stuck", "a passphrase");
        SourcePlan[] sources = [Database("postgres-stuck.dump", "stuck"), Files()];
        await BackUpAsync(settings, sources);
        // A view that the backup does not know keeps the table from being dropped.
        await server.QueryAsync("stuck", "insert into t values (2); create view watcher as select * from t");
        await File.WriteAllTextAsync(Path.Combine(_folder, "files", "a"), "new", Token);

        var report = await RestoreAsync(settings, new RestoreOptions(), sources);

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("watcher", report.Problems[0], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", string.Join(' ', report.Problems), StringComparison.Ordinal);
        Assert.Equal("2\n", await server.QueryAsync("stuck", "select count(*) from watcher"));
        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(_folder, "files", "a"), Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(settings.Paths.Staging));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Fixture(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(folder.FullName, "fixtures", "legacy")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run below the folder that holds their fixtures.");
        return Path.Combine(folder.FullName, "fixtures", "legacy", name);
    }

    private DirectorySourcePlan Files()
    {
        var files = Directory.CreateDirectory(Path.Combine(_folder, "files")).FullName;
        File.WriteAllText(Path.Combine(files, "a"), "old");
        return new DirectorySourcePlan("files", files);
    }

    private DatabaseSourcePlan Database(string entry, string database) =>
        new(SourceKind.Postgres, entry, database, new Secret(server.Uri + database), $"postgresql://server/{database}");

    private Settings Settings(string name, string passphrase) => new()
    {
        Name = name,
        TimeZone = TimeZoneInfo.Utc,
        Sources = new SourceSettings(),
        Services = new ServiceSettings(),
        Archive = new ArchiveSettings { EncryptionKey = new Secret(passphrase), CompressionThreads = 2 },
        Retention = new RetentionSettings(),
        Hooks = new HookSettings(),
        Notifications = new NotificationSettings(),
        Paths = new PathSettings { State = Path.Combine(_folder, "state"), Staging = Path.Combine(_folder, "staging") },
        Log = new LogSettings(),
    };

    private async Task BackUpAsync(Settings settings, IReadOnlyList<SourcePlan> plans)
    {
        var name = new ArchiveName(settings.Name, new DateTime(2026, 11, 20, 3, 0, 0, DateTimeKind.Unspecified), ".tar.gz.gpg");
        using var sources = new SourceFactory(settings, Engine, TimeProvider.System, NullLogger.Instance)
            .Open(new BackupPlan { Name = settings.Name, Sources = plans, ArchiveExtension = name.Extension }, Guid.NewGuid(), holdsRunLock: true);
        using var archive = new MemoryStream();
        using var writer = ArchiveWriter.Create(settings.Archive, archive);
        var taken = new List<ManifestSource>();
        foreach (var source in sources.All)
        {
            await source.PrepareAsync(Token);
            taken.Add(source.WriteTo(writer, Token));
        }
        writer.Complete();
        using var store = new LocalStore(Path.Combine(_folder, "store"), settings.Name, TimeProvider.System);
        await store.PutAsync(name.FileName, archive.ToArray(), Token);
        await store.PutAsync(name.ManifestFileName, new ManifestFile(settings.Archive, settings.Name).Write(new Manifest
        {
            CreatedBy = "a test",
            RunId = Guid.NewGuid(),
            BackupName = settings.Name,
            Archive = name.FileName,
            StartedAt = DateTimeOffset.UnixEpoch,
            FinishedAt = DateTimeOffset.UnixEpoch,
            TimeZone = "UTC",
            Compression = "gzip",
            Encryption = "passphrase",
            Sources = taken,
            Stored = new StoredArchive(archive.Length, Convert.ToHexStringLower(SHA256.HashData(archive.ToArray()))),
        }), Token);
    }

    private async Task<RunReport> RestoreAsync(Settings settings, RestoreOptions options, params SourcePlan[] sources)
    {
        using var store = new LocalStore(Path.Combine(_folder, "store"), settings.Name, TimeProvider.System);
        var plan = new BackupPlan { Name = settings.Name, Sources = sources, ArchiveExtension = ".tar.gz.gpg" };
        var targets = new RestoreTargets(Engine, settings.Paths.Staging, NullLogger.Instance);
        return await new RestoreRun(settings, plan, [store], targets, TimeProvider.System, NullLogger.Instance)
            .RunAsync(Guid.NewGuid(), options, (_, _) => Task.FromResult(true), Token);
    }

    private static Postgres Engine(DatabaseSourcePlan plan, string privateDirectory) => PostgresTools.Engine(plan.Uri, plan.DatabaseName);
}
