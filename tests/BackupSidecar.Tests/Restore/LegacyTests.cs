using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores.Local;
using BackupSidecar.Targets;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Restore;

/// <summary>Backups that docker-backup-sidecar made stay restorable.</summary>
public sealed class LegacyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLog _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_archive_without_a_manifest_is_restored_only_if_that_is_asked_for()
    {
        var report = await RestoreAsync("plain", new RestoreOptions(), new DirectorySourcePlan("uploads", _folder.Make("www", "uploads")));
        var named = await RestoreAsync("plain", new RestoreOptions { Backup = "2026-11-20-065209" }, new DirectorySourcePlan("uploads", _folder["www", "uploads"]));

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal(RunOutcome.Refused, named.Outcome);
        Assert.Contains("--allow-unverified", named.Problems[0], StringComparison.Ordinal);
        Assert.Empty(_folder.Shell("ls -A www/uploads"));
    }

    [Fact]
    public async Task A_plain_archive_is_restored()
    {
        _folder.Write("www/uploads/later", "1");

        var report = await RestoreAsync("plain", Unverified, new DirectorySourcePlan("uploads", _folder["www", "uploads"]));

        Assert.Empty(report.Problems);
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal(Reference("plain-2026-11-20-065209.tar.gz", "tar xzO ./uploads.tar.gz"), _folder.Describe(_folder["www", "uploads"]));
    }

    [Fact]
    public async Task An_encrypted_archive_is_restored_under_other_names_than_its_directories_had()
    {
        var report = await RestoreAsync("blog", Unverified,
            new DirectorySourcePlan("uploads", _folder["new", "place"]),
            new DirectorySourcePlan("config", _folder["new", "config"]),
            new FileSourcePlan("appcfg", _folder["etc", "app.cfg"]));

        Assert.Empty(report.Problems);
        Assert.Contains(report.Warnings, warning => warning.Contains("postgres-shop.dump", StringComparison.Ordinal));
        const string decrypt = "gpg --batch --quiet --no-autostart --pinentry-mode loopback --passphrase legacy-fixture-passphrase -d";
        Assert.Equal(Reference("blog-2026-11-20-065208.tar.gz.gpg", "tar xzO ./uploads.tar.gz", decrypt), _folder.Describe(_folder["new", "place"]));
        Assert.Equal(Reference("blog-2026-11-20-065208.tar.gz.gpg", "tar xzO ./config.tar.gz", decrypt), _folder.Describe(_folder["new", "config"]));
        Assert.Equal(
            _folder.Shell($"{decrypt} '{Fixture("blog-2026-11-20-065208.tar.gz.gpg")}' | tar xzO ./appcfg"), _folder.Shell("cat etc/app.cfg"));
    }

    [Fact]
    public async Task Everything_can_be_unpacked_to_a_folder()
    {
        var report = await RestoreAsync("blog", Unverified with { ToDirectory = _folder["out"] });

        Assert.Empty(report.Problems);
        Assert.Equal("appcfg\nconfig\npostgres-shop.dump\nuploads\n", _folder.Shell("ls -A out"));
        Assert.Contains("TABLE DATA public orders", _folder.Shell("pg_restore --list out/postgres-shop.dump"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wrong_passphrase_is_told_from_damage()
    {
        var report = await RestoreAsync("blog", Unverified, new ArchiveSettings { EncryptionKey = new Secret("wrong") }, new DirectorySourcePlan("uploads", _folder["new", "place"]));

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.False(Directory.Exists(_folder["new"]));
    }

    [Fact]
    public async Task An_old_passphrase_opens_it_when_another_one_is_in_use()
    {
        var keys = new ArchiveSettings { EncryptionKey = new Secret("the new passphrase"), OldEncryptionKeys = [new Secret("an older one"), new Secret(Passphrase)] };

        var report = await RestoreAsync("blog", Unverified with { ToDirectory = _folder["out"] }, keys);

        Assert.Empty(report.Problems);
        Assert.Equal("appcfg\nconfig\npostgres-shop.dump\nuploads\n", _folder.Shell("ls -A out"));
    }

    private const string Passphrase = "legacy-fixture-passphrase";

    private static RestoreOptions Unverified => new() { AllowUnverified = true };

    private static string Fixtures { get; } = FindFixtures();

    private static string FindFixtures()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(folder.FullName, "fixtures", "legacy")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run below the folder that holds their fixtures.");
        return Path.Combine(folder.FullName, "fixtures", "legacy");
    }

    private static string Fixture(string name) => Path.Combine(Fixtures, name);

    /// <summary>What the host's own tools make of a nested archive.</summary>
    private string Reference(string archive, string extract, string open = "cat")
    {
        _folder.Shell($"rm -rf reference; mkdir reference; {open} '{Fixture(archive)}' | {extract} | tar xz --same-owner -p -C reference");
        var root = _folder.Shell("ls -A reference").Trim();
        return _folder.Describe(_folder["reference", root]);
    }

    private Task<RunReport> RestoreAsync(string name, RestoreOptions options, params SourcePlan[] sources) =>
        RestoreAsync(name, options, new ArchiveSettings { EncryptionKey = new Secret(Passphrase) }, sources);

    private async Task<RunReport> RestoreAsync(string name, RestoreOptions options, ArchiveSettings keys, params SourcePlan[] sources)
    {
        _folder.Shell($"mkdir -p store/{name} staging; cp -n '{Fixtures}'/{name}-* store/{name}/");
        using var store = new LocalStore(_folder["store"], name, TimeProvider.System);
        var settings = new Settings
        {
            Name = name,
            TimeZone = TimeZoneInfo.Utc,
            Sources = new SourceSettings(),
            Services = new ServiceSettings(),
            Archive = keys,
            Retention = new RetentionSettings(),
            Hooks = new HookSettings(),
            Notifications = new NotificationSettings(),
            Paths = new PathSettings { State = _folder["state"], Staging = _folder["staging"] },
            Log = new LogSettings(),
        };
        var plan = new BackupPlan { Name = name, Sources = sources, ArchiveExtension = ".tar.gz.gpg" };
        var targets = new RestoreTargets((database, _) => throw new InvalidOperationException(database.EntryName), settings.Paths.Staging, _log);
        return await new RestoreRun(settings, plan, [store], targets, TimeProvider.System, _log)
            .RunAsync(Guid.NewGuid(), options, (_, _) => Task.FromResult(true), TestContext.Current.CancellationToken);
    }
}
