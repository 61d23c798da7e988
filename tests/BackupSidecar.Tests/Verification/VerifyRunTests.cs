using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Verification;

/// <summary>Which copies a verification looks at, and what it makes of stores that fail and of backups that come and go meanwhile.</summary>
public sealed class VerifyRunTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public VerifyRunTests()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("seq 1000 > data/a; ln -s a data/link; mkfifo data/pipe; ln data/a data/second");
    }

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("stored")]
    [InlineData("content")]
    public async Task A_whole_backup_is_good_in_every_store_and_nothing_changes(string level)
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        var before = Everything();

        var (report, found) = await _scene.VerifyAsync(new VerifyOptions { Level = Enum.Parse<VerificationLevel>(level, ignoreCase: true) });

        Assert.Empty(report.Problems);
        Assert.Empty(report.Warnings);
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal([("local", VerificationResult.Good), ("s3", VerificationResult.Good)], report.Verified.Select(copy => (copy.Store, copy.Result)));
        Assert.All(found, copy => Assert.Empty(copy.LeftOpen));
        Assert.Equal(before, Everything());
    }

    [Fact]
    public async Task A_level_that_was_asked_for_and_not_reached_is_no_success()
    {
        await _scene.BackUpAsync();

        // Without a drill nothing is restored.
        var (report, _) = await _scene.VerifyAsync(new VerifyOptions { Level = VerificationLevel.Restore });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal((VerificationLevel.Content, VerificationResult.Good), (report.Verified.Single().Level, report.Verified.Single().Result));
        Assert.Contains("whether it comes back could not be told", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_named_store_is_read()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        _scene.Far.Fault = new StoreException("The server is on fire.");

        var (report, _) = await _scene.VerifyAsync(new VerifyOptions { Store = "local" });

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal("local", Assert.Single(report.Verified).Store);
    }

    [Fact]
    public async Task A_store_that_is_not_configured_is_a_mistake_of_the_caller()
    {
        await _scene.BackUpAsync();

        var (report, _) = await _scene.VerifyAsync(new VerifyOptions { Store = "tape" });

        Assert.Equal(RunOutcome.NotStarted, report.Outcome);
        Assert.Contains("'tape'", report.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_listed_fails_the_run_and_the_other_is_read()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        _scene.Far.Fault = new StoreException("The server is on fire.");

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal(("local", VerificationResult.Good), (report.Verified.Single().Store, report.Verified.Single().Result));
        Assert.Contains(report.Problems, problem => problem.Contains("on fire", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_read_to_its_end_is_not_called_bad()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        _scene.Far.Breaks = true;

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal([VerificationResult.Good, VerificationResult.Unread], report.Verified.Select(copy => copy.Result));
        Assert.Contains("Input/output error", report.Verified[1].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_retention_removes_meanwhile_is_gone_and_neither_bad_nor_good()
    {
        var first = await _scene.BackUpAsync(_scene.Far);
        var second = await _scene.BackUpAsync(_scene.Far);
        _scene.Far.OnOpen = name =>
        {
            if (name == first.FileName)
                _scene.Folder.Shell($"rm far/shop/{first.ManifestFileName} far/shop/{first.FileName}");
        };

        var (all, _) = await _scene.VerifyAsync(new VerifyOptions { Backup = null, Store = "s3" });

        Assert.Equal(RunOutcome.Succeeded, all.Outcome);
        Assert.Equal([(second.FileName, VerificationResult.Good), (first.FileName, VerificationResult.Gone)], all.Verified.Select(copy => (copy.Archive, copy.Result)));
        Assert.Contains(all.Warnings, warning => warning.Contains("removed while it was looked at", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_manifest_that_is_removed_between_the_list_and_its_reading_is_gone()
    {
        var first = await _scene.BackUpAsync(_scene.Far);
        await _scene.BackUpAsync(_scene.Far);
        _scene.Far.OnListed = () => _scene.Folder.Shell($"rm far/shop/{first.ManifestFileName} far/shop/{first.FileName}");

        var (report, _) = await _scene.VerifyAsync(new VerifyOptions { Backup = null, Store = "s3" });

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal([VerificationResult.Good, VerificationResult.Gone], report.Verified.Select(copy => copy.Result));
    }

    [Fact]
    public async Task An_archive_that_came_too_late_for_the_list_is_not_lost()
    {
        var name = await _scene.BackUpAsync(_scene.Far);
        _scene.Far.ListedTooEarly = name.FileName;

        var (report, _) = await _scene.VerifyAsync(new VerifyOptions { Store = "s3" });

        Assert.Equal(VerificationResult.Good, Assert.Single(report.Verified).Result);
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
    }

    [Fact]
    public async Task A_manifest_whose_archive_is_missing_is_lost_unless_it_goes_as_well()
    {
        await _scene.BackUpAsync(_scene.Far);
        var halfRemoved = await _scene.BackUpAsync(_scene.Far);
        var all = new VerifyOptions { Backup = null, Store = "s3" };
        _scene.Folder.Shell($"rm far/shop/{halfRemoved.FileName}");

        var (lost, _) = await _scene.VerifyAsync(all);
        _scene.Far.OnListed = () => _scene.Folder.Shell($"rm far/shop/{halfRemoved.ManifestFileName}");
        var (removed, _) = await _scene.VerifyAsync(all);

        Assert.Equal([VerificationResult.Refused, VerificationResult.Good], lost.Verified.Select(copy => copy.Result));
        Assert.Equal(VerificationResult.Good, Assert.Single(removed.Verified).Result);
        Assert.Equal(RunOutcome.Succeeded, removed.Outcome);
    }

    [Fact]
    public async Task A_staging_folder_that_cannot_be_used_leaves_a_copy_unread_and_the_report_is_told()
    {
        _scene.Folder.Shell("sqlite3 shop.db 'CREATE TABLE t(v)'; touch no-folder");
        _scene.Sources.Add(new SqliteSourcePlan("shop.db", _scene.Folder["shop.db"]));
        await _scene.BackUpAsync();
        _scene.Settings = _scene.Settings with { Paths = _scene.Settings.Paths with { Staging = _scene.Folder["no-folder"] } };

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(VerificationResult.Unread, Assert.Single(report.Verified).Result);
        Assert.Contains("BACKUP_STAGING_DIR", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_encrypted_for_a_key_that_is_not_here_cannot_be_judged_by_its_content()
    {
        _scene.Folder.Shell(
            """
            export GNUPGHOME=$PWD/keys; mkdir -m 700 keys
            gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key owner future-default default never 2>/dev/null
            gpg --batch --export --armor owner > recipients.asc
            gpgconf --kill all
            """);
        var archive = new ArchiveSettings { RecipientsFile = _scene.Folder["recipients.asc"], SigningKey = new Secret("a signing key") };
        _scene.Settings = _scene.Settings with { Archive = archive };
        await _scene.BackUpAsync();
        // A passphrase from earlier days signs as well, and opens nothing of this.
        _scene.Settings = _scene.Settings with { Archive = archive with { EncryptionKey = new Secret("another"), RecipientsFile = null } };

        var (content, _) = await _scene.VerifyAsync();
        var (stored, _) = await _scene.VerifyAsync(new VerifyOptions { Level = VerificationLevel.Stored });

        Assert.Equal((RunOutcome.Failed, VerificationResult.Unread), (content.Outcome, content.Verified.Single().Result));
        Assert.Contains("--level stored", Assert.Single(content.Problems), StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Succeeded, stored.Outcome);
    }

    [Fact]
    public async Task What_is_downloaded_is_readable_by_its_owner_only()
    {
        var name = await _scene.BackUpAsync(_scene.Far);
        var reader = new CopyReader(_scene.Settings.Paths.Staging, _scene.Stores, _scene.Log);
        var manifests = new ManifestFile(_scene.Settings.Archive, RestoreScene.Name);
        var catalog = await new CatalogReader([_scene.Far], manifests, RestoreScene.Name).ReadAsync(Token);

        await using var archive = await reader.FetchAsync(name, catalog.Entries[0].Copies[0], Token);

        var open = _scene.Folder.Shell($"find /proc/{Environment.ProcessId}/fd -ignore_readdir_race -lname '{_scene.Settings.Paths.Staging}/*' -exec stat -L -c %a {{}} +");
        Assert.Equal("600", open.Trim());
    }

    [Fact]
    public async Task A_backup_that_is_stored_meanwhile_is_left_for_the_next_time()
    {
        var whole = await _scene.BackUpAsync();
        var growing = await _scene.BackUpAsync();
        await _scene.Local.DeleteAsync(growing.ManifestFileName, Token);

        var latest = await _scene.VerifyAsync(new VerifyOptions { Store = "local" });
        var all = await _scene.VerifyAsync(new VerifyOptions { Backup = null, Store = "local" });
        var named = await _scene.VerifyAsync(new VerifyOptions { Backup = growing.Timestamp });

        Assert.Equal(whole.FileName, Assert.Single(latest.Report.Verified).Archive);
        Assert.Equal(whole.FileName, Assert.Single(all.Report.Verified).Archive);
        Assert.Equal((RunOutcome.Succeeded, RunOutcome.Succeeded), (latest.Report.Outcome, all.Report.Outcome));
        Assert.All([latest, all], run => Assert.Contains($"{growing.FileName} (incomplete)", Assert.Single(run.Report.Warnings), StringComparison.Ordinal));
        Assert.Equal(RunOutcome.Refused, named.Report.Outcome);
    }

    [Fact]
    public async Task A_copy_that_is_not_committed_yet_is_passed_over_unless_it_is_named()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        var growing = await _scene.BackUpAsync(_scene.Local, _scene.Far);
        await _scene.Far.DeleteAsync(growing.ManifestFileName, Token);

        var latest = await _scene.VerifyAsync();
        var all = await _scene.VerifyAsync(new VerifyOptions { Backup = null });
        var named = await _scene.VerifyAsync(new VerifyOptions { Backup = growing.FileName });

        Assert.Equal(("local", VerificationResult.Good), (latest.Report.Verified.Single().Store, latest.Report.Verified.Single().Result));
        Assert.Equal((RunOutcome.Succeeded, RunOutcome.Succeeded), (latest.Report.Outcome, all.Report.Outcome));
        Assert.Equal(3, all.Report.Verified.Count);
        Assert.Contains($"{growing.FileName} in the store 's3'", Assert.Single(latest.Report.Warnings), StringComparison.Ordinal);
        Assert.Equal([VerificationResult.Good, VerificationResult.Refused], named.Report.Verified.Select(copy => copy.Result));
    }

    [Fact]
    public async Task The_latest_is_the_newest_even_if_only_an_older_one_is_whole()
    {
        await _scene.BackUpAsync();
        var damaged = await _scene.BackUpAsync();
        await File.AppendAllTextAsync(_scene.Folder["store", "shop", damaged.FileName], "x", Token);

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Equal(damaged.FileName, Assert.Single(report.Verified).Archive);
    }

    [Fact]
    public async Task A_store_without_a_copy_is_named()
    {
        var name = await _scene.BackUpAsync();

        var (report, _) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal($"{name.FileName} is not in the store 's3'.", Assert.Single(report.Warnings));
    }

    [Fact]
    public async Task Without_a_key_it_is_told_that_nobody_vouches_for_the_manifest()
    {
        _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings() };
        var name = await _scene.BackUpAsync();

        var (unsigned, found) = await _scene.VerifyAsync();
        _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings { EncryptionKey = new Secret("a key") } };
        var (keyed, _) = await _scene.VerifyAsync(new VerifyOptions { Backup = name.FileName });

        Assert.Equal(RunOutcome.Succeeded, unsigned.Outcome);
        Assert.Contains("whoever can write to the store", Assert.Single(found[0].LeftOpen), StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Refused, keyed.Outcome);
        Assert.Contains("nobody signed", keyed.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_stored_nothing_is_called_good()
    {
        var (latest, _) = await _scene.VerifyAsync();
        var (all, _) = await _scene.VerifyAsync(new VerifyOptions { Backup = null });

        Assert.Equal((RunOutcome.Failed, RunOutcome.Failed), (latest.Outcome, all.Outcome));
    }

    [Fact]
    public async Task What_was_found_before_an_interruption_stays_in_the_report()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        using var interruption = new CancellationTokenSource();
        _scene.Far.OnOpen = _ => interruption.Cancel();

        var (report, _) = await _scene.VerifyAsync(cancellation: interruption.Token);

        Assert.Equal(RunOutcome.Interrupted, report.Outcome);
        Assert.Equal(("local", VerificationResult.Good), (report.Verified.Single().Store, report.Verified.Single().Result));
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Everything() => _scene.Folder.Shell("find . -printf '%p %s %T@ %m\\n' | grep -v staging | sort; ls -A staging");
}
