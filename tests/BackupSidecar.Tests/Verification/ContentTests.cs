using System.Formats.Tar;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Verification;

/// <summary>Archives whose stored bytes are those of their signed manifests, but whose content is not what a backup holds.</summary>
public sealed class ContentTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_file_that_is_missing_in_the_archive_is_missed_by_its_content_only()
    {
        await _scene.StoreAsync(archive =>
        {
            var whole = Describe([Directory("data"), File("data/a"), File("data/b")]);
            Tar.Splice(archive, "data", [Directory("data"), File("data/a")]);
            return whole;
        });

        await AssertSeenByContentOnlyAsync("'data' has 2 entries with 8 bytes in the archive, and 3 with 16 in the manifest");
    }

    [Fact]
    public async Task A_file_too_many_is_refused()
    {
        await _scene.StoreAsync(archive =>
        {
            var whole = Describe([Directory("data"), File("data/a")]);
            Tar.Splice(archive, "data", [Directory("data"), File("data/a"), File("data/b")]);
            return whole;
        });

        await AssertSeenByContentOnlyAsync("is more than the manifest allows");
    }

    [Fact]
    public async Task Another_content_of_the_same_length_is_refused()
    {
        await _scene.StoreAsync(archive =>
        {
            var whole = Describe([Directory("data"), File("data/a")]);
            Tar.Splice(archive, "data", [Directory("data"), File("data/a", "other..\n")]);
            return whole;
        });

        await AssertSeenByContentOnlyAsync("the SHA-256 of 'data' differs");
    }

    [Fact]
    public async Task A_source_that_is_missing_as_a_whole_is_refused()
    {
        await _scene.StoreAsync(archive =>
            [.. Tar.Splice(archive, "data", [Directory("data")]), .. Describe([Directory("more")], "more")]);

        await AssertSeenByContentOnlyAsync("more is missing");
    }

    /// <summary>Of two files of one name only tar knows, which sees the first one on the disk.</summary>
    public static TheoryData<string> Hostile => [.. RefusalTests.HostileArchives.Keys.Where(name => name != "the same file twice")];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_a_restore_would_refuse_as_hostile_is_refused(string hostile)
    {
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data"), .. RefusalTests.HostileArchives[hostile]]));

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
    }

    [Fact]
    public async Task An_archive_that_another_key_opens_is_refused_though_its_manifest_is_ours()
    {
        var ours = _scene.Settings.Archive;
        var signed = ours with { SigningKey = new Secret("signs") };
        _scene.Settings = _scene.Settings with { Archive = signed with { EncryptionKey = new Secret("another key") } };
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data")]));
        _scene.Settings = _scene.Settings with { Archive = signed };

        await AssertSeenByContentOnlyAsync("no good backup");
    }

    [Fact]
    public async Task Without_the_key_the_stored_bytes_can_be_verified_and_the_content_says_what_it_needs()
    {
        _scene.Settings = _scene.Settings with { Archive = _scene.Settings.Archive with { SigningKey = new Secret("signs") } };
        await _scene.StoreAsync(archive => Tar.Splice(archive, "data", [Directory("data")]));
        _scene.Settings = _scene.Settings with { Archive = _scene.Settings.Archive with { EncryptionKey = null } };

        var stored = (await _scene.VerifyAsync(new VerifyOptions { Level = VerificationLevel.Stored })).Report;
        var content = (await _scene.VerifyAsync()).Report;

        Assert.Equal(RunOutcome.Succeeded, stored.Outcome);
        Assert.Equal(RunOutcome.Failed, content.Outcome);
        Assert.Contains("BACKUP_DECRYPTION_KEY", content.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_had_failed_is_told_of_and_does_not_spoil_the_others()
    {
        await _scene.StoreAsync(archive =>
        [
            .. Tar.Splice(archive, "data", [Directory("data")]),
            new ManifestSource { Kind = SourceKind.Postgres, Entry = "postgres-shop.dump", Origin = "x", State = SourceState.Failed, Problem = "no server" },
        ]);

        var (report, found) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Contains("'postgres-shop.dump' not in this backup: it failed then (no server)", Assert.Single(found[0].LeftOpen), StringComparison.Ordinal);
    }

    private async Task AssertSeenByContentOnlyAsync(string words)
    {
        var stored = await _scene.VerifyAsync(new VerifyOptions { Level = VerificationLevel.Stored });
        var content = await _scene.VerifyAsync();
        var restored = await _scene.RestoreAsync(new RestoreOptions { ToDirectory = _scene.Folder["out"] });

        Assert.Equal(RunOutcome.Succeeded, stored.Report.Outcome);
        Assert.Equal(RunOutcome.Refused, content.Report.Outcome);
        Assert.Contains(words, content.Found[0].Copy.Problem, StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Refused, restored.Outcome);
    }

    /// <summary>The line of the manifest that these entries would have.</summary>
    private static IReadOnlyList<ManifestSource> Describe(PaxTarEntry[] entries, string entry = "data")
    {
        using var nowhere = new MemoryStream();
        using var archive = ArchiveWriter.Create(new ArchiveSettings(), nowhere);
        return Tar.Splice(archive, entry, entries);
    }

    private static PaxTarEntry File(string name, string content = "content\n") =>
        Tar.Entry(TarEntryType.RegularFile, name, content: System.Text.Encoding.UTF8.GetBytes(content));

    private static PaxTarEntry Directory(string name) => Tar.Entry(TarEntryType.Directory, name + "/");
}
