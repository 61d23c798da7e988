using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Tests.Corruption;

namespace BackupSidecar.Tests.Restore;

/// <summary>Keys are changed, and the backups of all of them stay what they were.</summary>
public sealed class KeyRotationTests : IDisposable
{
    private const int Generations = 4;

    private readonly RestoreScene _scene = new();

    public KeyRotationTests() => _scene.AddDirectory("data");

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task After_three_rotations_every_generation_is_restored_verified_and_counted()
    {
        var names = await RotateAsync();

        for (var generation = 0; generation < Generations; generation++)
        {
            await _scene.RestoredAsync(new RestoreOptions { Backup = names[generation].Timestamp });
            Assert.Equal($"{generation}\n", _scene.Folder.Shell("cat data/a"));
        }
        var (report, found) = await _scene.VerifyAsync(new VerifyOptions { Backup = null });
        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal(Generations, found.Count(copy => copy.IsAuthenticated));
        Assert.Equal(Generations, await CountedByRetentionAsync());
        Assert.DoesNotContain(_scene.Log.Lines, line => line.Contains("leaves", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_is_missing_is_named_by_its_id_and_by_the_last_day_of_its_use()
    {
        var names = await RotateAsync();
        var missing = _scene.Settings.Archive.OldEncryptionKeys[1];
        Use(_scene.Settings.Archive with { OldEncryptionKeys = [.. _scene.Settings.Archive.OldEncryptionKeys.Where(key => !key.Equals(missing))] });
        _scene.Folder.Shell("echo now > data/a");

        var refused = await _scene.RestoreAsync(new RestoreOptions { Backup = names[1].Timestamp });
        var (verified, _) = await _scene.VerifyAsync(new VerifyOptions { Backup = names[1].Timestamp });

        var words = $"it was made with another key (id {ManifestKey.OfPassphrase(missing, RestoreScene.Name).Name.Id}, in use until 2026-11-20): set BACKUP_OLD_ENCRYPTION_KEY_1";
        Assert.Equal((RunOutcome.Refused, RunOutcome.Refused), (refused.Outcome, verified.Outcome));
        Assert.Contains(words, refused.Problems[0], StringComparison.Ordinal);
        Assert.Contains(words, verified.Problems[0], StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Refused, (await _scene.RestoreAsync(new RestoreOptions { Backup = names[1].Timestamp, AllowUnverified = true })).Outcome);
        Assert.Equal("now\n", _scene.Folder.Shell("cat data/a"));
        Assert.Equal(
            [CatalogState.Complete, CatalogState.Complete, CatalogState.OtherKey, CatalogState.Complete],
            (await ReadAsync()).Entries.Select(entry => entry.State));
        Assert.Equal(Generations - 1, await CountedByRetentionAsync());
        await _scene.RestoredAsync(new RestoreOptions { Backup = names[0].Timestamp });
        Assert.Equal("0\n", _scene.Folder.Shell("cat data/a"));
    }

    [Fact]
    public async Task Where_no_key_fits_the_latest_is_refused_with_the_id_of_the_key_that_is_missing()
    {
        var names = await RotateAsync();
        var last = _scene.Settings.Archive.EncryptionKey!;
        Use(new ArchiveSettings { EncryptionKey = new Secret("an entirely new one") });

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Contains($"{names[^1].FileName} is refused: it was made with another key (id {ManifestKey.OfPassphrase(last, RestoreScene.Name).Name.Id}", report.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_keys_and_signing_keys_are_rotated_too()
    {
        using var first = new Recipient();
        using var second = new Recipient();
        var old = first.Settings with { SigningKey = new Secret("the first signing key") };
        Use(old);
        var name = await BackUpAsync("old");
        var now = second.Settings with { SigningKey = new Secret("the second signing key") };
        Use(now);
        await BackUpAsync("new");

        var unsigned = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp });
        Use(now with { OldSigningKeys = old.SigningKeys });
        var closed = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp });
        Use(now with { OldSigningKeys = old.SigningKeys, OldDecryptionKeys = old.SecretKeys });

        Assert.Equal((RunOutcome.Refused, RunOutcome.Refused), (unsigned.Outcome, closed.Outcome));
        Assert.Contains($"(id {ManifestKey.OfSigningKey(old.SigningKey).Name.Id}, in use until 2026-11-20): set BACKUP_OLD_SIGNING_KEY_1", unsigned.Problems[0], StringComparison.Ordinal);
        Assert.Matches(@"it is encrypted for public keys \(id [0-9A-F]{16}\), and BACKUP_DECRYPTION_KEY or BACKUP_OLD_DECRYPTION_KEY", closed.Problems[0]);
        await _scene.RestoredAsync(new RestoreOptions { Backup = name.Timestamp });
        Assert.Equal("old\n", _scene.Folder.Shell("cat data/a"));
        await _scene.RestoredAsync();
        Assert.Equal("new\n", _scene.Folder.Shell("cat data/a"));
    }

    [Fact]
    public async Task Backups_with_a_passphrase_stay_when_public_keys_take_its_place()
    {
        using var recipient = new Recipient();
        var old = _scene.Settings.Archive;
        var name = await BackUpAsync("old");
        Use(recipient.Settings with { SigningKey = new Secret("a signing key"), OldEncryptionKeys = old.Passphrases });
        await BackUpAsync("new");

        await _scene.RestoredAsync(new RestoreOptions { Backup = name.Timestamp });

        Assert.Equal("old\n", _scene.Folder.Shell("cat data/a"));
        Assert.Equal(RunOutcome.Succeeded, (await _scene.VerifyAsync(new VerifyOptions { Backup = null })).Report.Outcome);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private void Use(ArchiveSettings keys) => _scene.Settings = _scene.Settings with { Archive = keys with { CompressionThreads = 2 } };

    /// <summary>A backup with each of four passphrases, the newest last. Each holds its number.</summary>
    private async Task<IReadOnlyList<ArchiveName>> RotateAsync()
    {
        var names = new List<ArchiveName>();
        for (var generation = 0; generation < Generations; generation++)
        {
            var before = generation == 0 ? [] : _scene.Settings.Archive.Passphrases;
            Use(new ArchiveSettings { EncryptionKey = new Secret($"the passphrase of year {generation}"), OldEncryptionKeys = before });
            names.Add(await BackUpAsync($"{generation}"));
        }
        return names;
    }

    private async Task<ArchiveName> BackUpAsync(string content)
    {
        _scene.Folder.Shell($"echo {content} > data/a");
        return await _scene.BackUpAsync();
    }

    private Task<Catalog> ReadAsync() =>
        new CatalogReader(_scene.Stores, new ManifestFile(_scene.Settings.Archive, RestoreScene.Name), RestoreScene.Name).ReadAsync(Token);

    private async Task<int> CountedByRetentionAsync() =>
        (await new RetentionRun(_scene.Settings, TimeProvider.System, _scene.Log).PlanAsync(_scene.Local, Token)).Decisions.Count;
}
