using System.Formats.Tar;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Restore;

/// <summary>Backups that must not be used: whatever is wrong with them, nothing of the targets and nothing around them changes.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public RefusalTests()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir canary; echo alive > canary/bird; echo old > data/a");
    }

    public void Dispose() => _scene.Dispose();

    public static TheoryData<string> Hostile => [.. HostileArchives.Keys];

    internal static Dictionary<string, PaxTarEntry[]> HostileArchives { get; } = new(StringComparer.Ordinal)
    {
        ["a name that climbs"] = [File("data/../../canary/bird")],
        ["a name that climbs from the root"] = [File("../canary/bird")],
        ["an absolute name"] = [File("/tmp/backup-sidecar-canary")],
        ["a name of another source"] = [File("canary/bird")],
        ["a dot in a name"] = [File("data/./a")],
        ["an empty part of a name"] = [File("data//a")],
        ["a link out, then a file through it"] = [Link("data/out", "../../canary"), File("data/out/bird")],
        ["an absolute link, then a file through it"] = [Link("data/out", "/tmp"), File("data/out/backup-sidecar-canary")],
        ["a link out, then a directory in its place"] = [Link("data/out", "../../canary"), Directory("data/out"), File("data/out/bird")],
        ["a link out, then a file in its place"] = [Link("data/out", "../../canary/bird"), File("data/out")],
        ["a second name of a link out, then a file through it"] =
            [Link("data/out", "../../canary"), Hard("data/again", "data/out"), File("data/again/bird")],
        ["a hard link out"] = [Hard("data/bird", "../canary/bird"), File("data/bird")],
        ["an absolute hard link"] = [Hard("data/passwd", "/etc/passwd")],
        ["a hard link through a link out"] = [Link("data/out", "../../canary"), Hard("data/bird", "data/out/bird")],
        ["the same file twice"] = [File("data/twice"), File("data/twice")],
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_hostile_archive_is_refused_even_if_its_manifest_is_authentic(string kind)
    {
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data"), File("data/first"), .. HostileArchives[kind]]));

        var report = await _scene.RestoreAsync();

        Assert.NotEqual(RunOutcome.Succeeded, report.Outcome);
        AssertUntouched();
    }

    [Fact]
    public async Task The_same_way_of_storing_restores_a_harmless_archive()
    {
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data",
            [Directory("data"), File("data/first"), Link("data/out", "../canary"), Hard("data/second", "data/first")]));

        await _scene.RestoredAsync();

        Assert.Equal("first\nout\nsecond\n", _scene.Folder.Shell("ls -A data"));
    }

    [Fact]
    public async Task A_device_is_left_out_and_the_report_says_so()
    {
        var device = new PaxTarEntry(TarEntryType.CharacterDevice, "data/null") { DeviceMajor = 1, DeviceMinor = 3 };
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data"), device, File("data/first")]));

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Contains(report.Warnings, warning => warning.Contains("data/null", StringComparison.Ordinal));
        Assert.Equal("first\n", _scene.Folder.Shell("ls -A data"));
    }

    [Fact]
    public async Task What_the_archive_holds_must_be_what_the_manifest_says()
    {
        Func<ManifestSource, ManifestSource>[] lies =
        [
            source => source with { Bytes = source.Bytes + 1 },
            source => source with { Bytes = source.Bytes - 1 },
            source => source with { Entries = source.Entries + 1 },
            source => source with { Entries = source.Entries - 1 },
            source => source with { TarSha256 = new string('0', 64) },
            source => source with { TarSha256 = null },
            source => source with { Entry = "elsewhere", Origin = _scene.Folder["data"] },
            source => source with { Entry = "../data" },
        ];
        foreach (var lie in lies)
        {
            await _scene.StoreAsync(archive => [lie(Tar.Splice(archive, "data", [Directory("data"), File("data/first")])[0])]);

            var report = await _scene.RestoreAsync();

            Assert.Equal(RunOutcome.Refused, report.Outcome);
            AssertUntouched();
        }
    }

    [Fact]
    public async Task What_one_store_cannot_read_comes_from_the_next()
    {
        await _scene.BackUpAsync(_scene.Far, _scene.Local);
        _scene.Folder.Shell("echo new > data/later");
        _scene.Stores = [_scene.Far, _scene.Local];
        _scene.Far.Breaks = true;

        await _scene.RestoredAsync();

        Assert.Contains(_scene.Log.Lines, line => line.Contains("Input/output error", StringComparison.Ordinal));
        Assert.Empty(_scene.Folder.Shell("find data -name later"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public async Task A_flipped_bit_in_the_archive_is_found_before_anything_is_touched(int position)
    {
        var name = await BackUpThenChangeAsync();
        Damage(name.FileName, bytes => bytes[position < 0 ? ^1 : position] ^= 1);

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Contains("damaged", report.Problems[0], StringComparison.Ordinal);
        AssertUntouched("new");
    }

    [Fact]
    public async Task A_shortened_archive_is_no_backup()
    {
        var name = await BackUpThenChangeAsync();
        var path = Path.Combine(_scene.Local.Folder, name.FileName);
        await System.IO.File.WriteAllBytesAsync(path, (await System.IO.File.ReadAllBytesAsync(path, Token))[..^1], Token);

        Assert.Equal(RunOutcome.Refused, (await _scene.RestoreAsync()).Outcome);
        Assert.Equal(RunOutcome.Refused, (await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp })).Outcome);
        Assert.Equal(RunOutcome.Refused, (await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, AllowUnverified = true })).Outcome);
        AssertUntouched("new");
    }

    [Fact]
    public async Task A_forged_manifest_is_refused_always()
    {
        var name = await BackUpThenChangeAsync();
        Damage(name.ManifestFileName, bytes =>
        {
            var at = bytes.AsSpan().IndexOf("\"a test\""u8);
            bytes[at + 1] = (byte)'b';
        });

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, AllowUnverified = true });

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        AssertUntouched("new");
    }

    [Fact]
    public async Task The_wrong_key_opens_nothing()
    {
        var name = await BackUpThenChangeAsync();
        _scene.Settings = _scene.Settings with { Archive = _scene.Settings.Archive with { EncryptionKey = new Secret("another") } };

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp });

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.DoesNotContain("another", string.Join(' ', report.Problems.Concat(_scene.Log.Lines)).Replace("another key", "", StringComparison.Ordinal), StringComparison.Ordinal);
        AssertUntouched("new");
    }

    [Fact]
    public async Task An_unsigned_backup_is_refused_where_a_key_is_configured()
    {
        var keyed = _scene.Settings;
        _scene.Settings = keyed with { Archive = new ArchiveSettings() };
        var name = await BackUpThenChangeAsync();
        _scene.Settings = keyed;

        var refused = await _scene.RestoreAsync(new RestoreOptions { Backup = name.FileName });

        Assert.Equal(RunOutcome.Refused, refused.Outcome);
        Assert.Contains("--allow-unverified", refused.Problems[0], StringComparison.Ordinal);
        AssertUntouched("new");
        await _scene.RestoredAsync(new RestoreOptions { Backup = name.FileName, AllowUnverified = true });
        AssertUntouched("old");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_latest_backup_that_is_refused_is_not_exchanged_for_an_older_one_which_is_named_with_the_way_to_restore_it(bool isForged)
    {
        var good = await _scene.BackUpAsync();
        var keyed = _scene.Settings;
        // Whoever can write to the store, and has no key.
        _scene.Settings = keyed with { Archive = new ArchiveSettings() };
        await _scene.BackUpAsync();
        _scene.Settings = isForged ? _scene.Settings : keyed;
        var newest = await BackUpThenChangeAsync();
        _scene.Settings = keyed;
        if (!isForged)
            Damage(newest.FileName, bytes => bytes[50] ^= 1);

        var refused = await _scene.RestoreAsync(new RestoreOptions { Store = "local" });

        Assert.Equal(RunOutcome.Refused, refused.Outcome);
        Assert.StartsWith(newest.FileName, refused.Problems[0], StringComparison.Ordinal);
        Assert.EndsWith($"backup-sidecar restore {good.Timestamp} --from local. Nothing was touched.", refused.Problems[0], StringComparison.Ordinal);
        AssertUntouched("new");
        await _scene.RestoredAsync(new RestoreOptions { Backup = good.Timestamp, Store = "local" });
        AssertUntouched("old");
    }

    [Fact]
    public async Task Without_any_key_a_backup_is_restored_and_the_log_says_loudly_that_nobody_vouches_for_it()
    {
        _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings() };
        await BackUpThenChangeAsync();

        await _scene.RestoredAsync();

        AssertUntouched("old");
        Assert.Contains(_scene.Log.Lines, line => line.StartsWith("Warning: NOT AUTHENTICATED", StringComparison.Ordinal));
        Assert.DoesNotContain(_scene.Log.Lines, line => line.Contains("a key is configured", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Privileges_do_not_come_out_of_an_archive_that_nobody_vouches_for()
    {
        var tool = File("data/tool");
        tool.Mode = (UnixFileMode)Convert.ToInt32("6755", 8);
        var pipe = new PaxTarEntry(TarEntryType.Fifo, "data/pipe");
        var name = await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data"), tool, pipe]));
        System.IO.File.Delete(Path.Combine(_scene.Local.Folder, name.ManifestFileName));

        await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, AllowUnverified = true, ToDirectory = _scene.Folder["out"] });

        Assert.Equal("755\ntool\n", _scene.Folder.Shell("stat -c %a out/data/tool; ls -A out/data"));
        AssertUntouched();
    }

    [Fact]
    public async Task The_copy_of_the_second_store_is_used_if_the_first_is_damaged()
    {
        var name = await BackUpThenChangeAsync(_scene.Local, _scene.Far);
        Damage(name.FileName, bytes => bytes[50] ^= 1);

        Assert.Equal(RunOutcome.Refused, (await _scene.RestoreAsync(new RestoreOptions { Store = "local" })).Outcome);
        AssertUntouched("new");
        await _scene.RestoredAsync();

        AssertUntouched("old");
        Assert.Contains(_scene.Log.Lines, line => line.Contains("Trying the copy in the store 's3'", StringComparison.Ordinal));
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Fact]
    public async Task A_backup_that_only_the_second_store_has_is_downloaded()
    {
        await BackUpThenChangeAsync(_scene.Far);

        await _scene.RestoredAsync();

        AssertUntouched("old");
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Fact]
    public async Task A_store_that_cannot_be_listed_does_not_hide_the_other()
    {
        await BackUpThenChangeAsync();
        _scene.Far.Fault = new StoreException("The server is on fire.");

        await _scene.RestoredAsync();

        AssertUntouched("old");
        Assert.Contains(_scene.Log.Lines, line => line.Contains("on fire", StringComparison.Ordinal));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static PaxTarEntry File(string name) => Tar.Entry(TarEntryType.RegularFile, name, content: "hostile\n"u8.ToArray());

    private static PaxTarEntry Directory(string name) => Tar.Entry(TarEntryType.Directory, name + "/");

    private static PaxTarEntry Link(string name, string target) => Tar.Entry(TarEntryType.SymbolicLink, name, target);

    private static PaxTarEntry Hard(string name, string target) => Tar.Entry(TarEntryType.HardLink, name, target);

    private async Task<ArchiveName> BackUpThenChangeAsync(params IBackupStore[] stores)
    {
        var name = await _scene.BackUpAsync(stores);
        _scene.Folder.Shell("echo new > data/a");
        return name;
    }

    private void Damage(string name, Action<byte[]> damage)
    {
        var path = Path.Combine(_scene.Local.Folder, name);
        var bytes = System.IO.File.ReadAllBytes(path);
        damage(bytes);
        System.IO.File.WriteAllBytes(path, bytes);
    }

    private void AssertUntouched(string content = "old")
    {
        Assert.Equal($"bird\nalive\na\n{content}\n", _scene.Folder.Shell("ls -A canary; cat canary/bird; ls -A data; cat data/a"));
        Assert.False(Path.Exists("/tmp/backup-sidecar-canary"));
        Assert.Empty(_scene.Leftovers());
    }
}
