using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Reference;

namespace BackupSidecar.Tests.Configuration;

public sealed class EncryptionSettingsTests
{
    [Theory]
    [InlineData("BACKUP_ENCRYPTION_KEY", "")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "   ")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "\t")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "\r\n")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "\"\"")]
    [InlineData("BACKUP_ENCRYPTION_KEY", "' '")]
    [InlineData("BACKUP_ENCRYPTION_KEY", " \"\" ")]
    [InlineData("BACKUP_ENCRYPTION_KEY_FILE", "")]
    [InlineData("BACKUP_ENCRYPTION_RECIPIENTS_FILE", "")]
    [InlineData("GPG_PASSPHRASE", "")]
    public void A_key_that_came_out_blank_never_gives_a_plain_archive(string name, string value) =>
        Assert.Contains("would not be encrypted", Said.Enough.With(name, value).Fault().Problem);

    [Fact]
    public void A_blank_key_in_the_configuration_file_is_refused_too() =>
        Assert.Contains("would not be encrypted", Said.Enough.WithFile("/config/backup.env", "BACKUP_ENCRYPTION_KEY=#secret\n").Fault().Problem);

    [Fact]
    public void A_blank_key_beside_recipients_does_no_harm() =>
        Assert.True(Said.Enough.With("BACKUP_ENCRYPTION_KEY", "").With("BACKUP_ENCRYPTION_RECIPIENTS_FILE", "/r.asc").Settings().Archive.IsEncrypted);

    [Fact]
    public void Passphrase_and_recipients_exclude_each_other() =>
        Assert.Contains(
            "BACKUP_ENCRYPTION_RECIPIENTS_FILE is set as well",
            Said.Enough.With("BACKUP_ENCRYPTION_KEY", "a passphrase of some length").With("BACKUP_ENCRYPTION_RECIPIENTS_FILE", "/r.asc").Fault().Problem);

    [Theory]
    [InlineData("fifteen letters", 1)]
    [InlineData("sixteen letters!", 0)]
    public void A_short_passphrase_is_warned_of(string passphrase, int warnings)
    {
        var reading = Said.Enough.With("BACKUP_ENCRYPTION_KEY", passphrase).Read();

        Assert.Empty(reading.Faults);
        Assert.Equal(warnings, reading.Warnings.Count);
        Assert.DoesNotContain(passphrase, string.Join('\n', reading.Warnings));
    }

    [Theory]
    [InlineData("it ends with a quote\"")]
    [InlineData("it's in the middle of it")]
    [InlineData(" blanks are a part of it ")]
    [InlineData("pa$$word #with% everything;,")]
    public void A_passphrase_is_taken_as_it_stands(string passphrase) =>
        Assert.Equal(passphrase, Said.Enough.With("BACKUP_ENCRYPTION_KEY", passphrase).Settings().Archive.EncryptionKey?.Reveal());

    [Fact]
    public void A_passphrase_that_is_not_UTF_8_is_refused() =>
        Assert.Contains("not UTF-8", Said.Enough.With("BACKUP_ENCRYPTION_KEY", "schl\uFFFDssel-of-some-length").Fault().Problem);

    [Fact]
    public void Quotes_around_a_passphrase_are_taken_away_with_a_notice()
    {
        var reading = Said.Enough.With("BACKUP_ENCRYPTION_KEY", "\"a passphrase of some length\"").Read();

        Assert.Equal("a passphrase of some length", reading.Settings?.Archive.EncryptionKey?.Reveal());
        Assert.Contains("quotes", Assert.Single(reading.Notices));
    }

    [Fact]
    public void Old_keys_are_numbered_or_stand_in_files_and_the_current_one_comes_first()
    {
        var archive = Said.Enough
            .With("BACKUP_ENCRYPTION_KEY", "the passphrase of today").With("BACKUP_OLD_ENCRYPTION_KEY_2", "of, last year; ")
            .With("BACKUP_OLD_ENCRYPTION_KEY_1_FILE", "/k").WithFile("/k", "of this summer\n").With("BACKUP_OLD_ENCRYPTION_KEY", "of yesterday")
            .With("BACKUP_OLD_SIGNING_KEY_7", "signed").With("BACKUP_OLD_DECRYPTION_KEY", "two\nlines")
            .Settings().Archive;

        Assert.Equal(["the passphrase of today", "of yesterday", "of this summer", "of, last year; "], archive.Passphrases.Select(key => key.Reveal()));
        Assert.Equal(["signed"], archive.SigningKeys.Select(key => key.Reveal()));
        Assert.Equal(["two\nlines"], archive.SecretKeys.Select(key => key.Reveal()));
        Assert.True(archive is { HasManifestKey: true, SigningKey: null, DecryptionKey: null });
    }

    [Theory]
    [InlineData("two\nlines", "must be one line")]
    [InlineData("schl\uFFFDssel", "not UTF-8")]
    public void An_old_passphrase_is_looked_at_like_the_current_one(string passphrase, string problem)
    {
        var fault = Said.Enough.With("BACKUP_ENCRYPTION_KEY", "the passphrase of today").With("BACKUP_OLD_ENCRYPTION_KEY_3", passphrase).Fault();

        Assert.Equal("BACKUP_OLD_ENCRYPTION_KEY_3", fault.Setting);
        Assert.Contains(problem, fault.Problem);
    }

    [Fact]
    public void A_key_that_was_only_renamed_never_gives_a_plain_archive()
    {
        var said = Said.Enough.With("BACKUP_OLD_ENCRYPTION_KEY_1", "the passphrase of yesterday");

        Assert.Contains("would not be encrypted", said.Fault().Problem);
        Assert.Empty(said.Read(SettingsScope.StoresOnly).Faults);
        Assert.Empty(said.With("BACKUP_ENCRYPTION_RECIPIENTS_FILE", "/r.asc").Read().Faults);
    }

    [Fact]
    public void Old_keys_are_masked_wherever_they_show()
    {
        var reading = Said.Enough.With("BACKUP_ENCRYPTION_KEY", "the passphrase of today").With("BACKUP_OLD_ENCRYPTION_KEY_1", "of-yesterday").Read();

        Assert.Equal("***", SettingListing.Of(reading).Single(line => line.Name == "BACKUP_OLD_ENCRYPTION_KEY_1").Value);
        Assert.Equal("it said ***", reading.Redactor.Redact("it said of-yesterday"));
    }

    [Fact]
    public void A_secret_key_may_have_lines()
    {
        const string Key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGc\n-----END PGP PRIVATE KEY BLOCK-----";

        var settings = Said.Enough.With("BACKUP_DECRYPTION_KEY_FILE", "/k").WithFile("/k", Key + "\n").Settings();

        Assert.Equal(Key, settings.Archive.DecryptionKey?.Reveal());
    }
}
