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
    public void A_secret_key_may_have_lines()
    {
        const string Key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGc\n-----END PGP PRIVATE KEY BLOCK-----";

        var settings = Said.Enough.With("BACKUP_DECRYPTION_KEY_FILE", "/k").WithFile("/k", Key + "\n").Settings();

        Assert.Equal(Key, settings.Archive.DecryptionKey?.Reveal());
    }
}
