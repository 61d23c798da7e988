using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Configuration;

public sealed class RedactorTests
{
    [Theory]
    [InlineData("BACKUP_ENCRYPTION_KEY", "a passphrase of some length", "gpg: a passphrase of some length is wrong")]
    [InlineData("BACKUP_S3_SECRET_KEY", "s3cr3t+/key", "signed with s3cr3t+/key")]
    [InlineData("BACKUP_SUCCESS_WEBHOOK", "https://hc.example.com/b3ff1e", "POST https://hc.example.com/b3ff1e failed")]
    [InlineData("BACKUP_POSTGRES", "postgres://u:hunter22@db/shop", "password hunter22 is wrong")]
    [InlineData("BACKUP_POSTGRES", "postgres://u:hunter22@db/shop", "cannot open postgres://u:hunter22@db/shop")]
    [InlineData("BACKUP_POSTGRES", "postgres://db/shop?user=u&password=hunter22", "password hunter22 is wrong")]
    [InlineData("BACKUP_POSTGRES", "postgres://a/b;postgres://u:hunter22@db/shop", "password hunter22 is wrong")]
    [InlineData("BACKUP_MONGODB_2", "mongodb://u:h%40nter22%2f@db", "h@nter22/ and h%40nter22%2f and h%40nter22%2F")]
    [InlineData("BACKUP_MONGODB", "mongodb://u:h@nter22@db", "password h@nter22 is wrong")]
    [InlineData("BACKUP_REDIS", "redis://hunter22@cache", "password hunter22 is wrong")]
    public void A_secret_is_masked_in_every_form(string name, string value, string text)
    {
        var redacted = Said.Enough.With(name, value).Read().Redactor.Redact(text);

        Assert.Contains("***", redacted);
        foreach (var piece in new[] { "nter22", "passphrase", "s3cr3t", "b3ff1e" })
            Assert.DoesNotContain(piece, redacted);
    }

    [Fact]
    public void A_secret_of_a_file_is_masked_and_so_is_each_line_of_a_key()
    {
        const string Key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBGcAAAAABCADgYkq2n\nm1Zq3xYwL0pQ8sVt7uRb5e\n=x1\n-----END PGP PRIVATE KEY BLOCK-----\n";

        var redactor = Said.Enough.With("BACKUP_DECRYPTION_KEY_FILE", "/k").WithFile("/k", Key).Read().Redactor;

        Assert.Equal("gpg: *** is not a key", redactor.Redact("gpg: m1Zq3xYwL0pQ8sVt7uRb5e is not a key"));
    }

    [Fact]
    public void Words_stay_readable()
    {
        var redactor = Said.Enough
            .With("BACKUP_POSTGRES", "postgres://postgres:postgres@db/shop").With("BACKUP_MONGODB", "mongodb://u:abc@db")
            .Read().Redactor;

        Assert.Equal("wrote postgres-shop.dump, abc", redactor.Redact("wrote postgres-shop.dump, abc"));
    }

    [Fact]
    public void The_longest_secret_is_masked_first() =>
        Assert.Equal("***!", new Redactor(["secret", "secret and more"]).Redact("secret and more!"));
}
