using BackupSidecar.Archives;
using BackupSidecar.Archives.Encryption;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Archives;

public sealed class EncryptionTests
{
    private static readonly byte[] Content = Some.Bytes(300_000);
    private static readonly (string, string)[] Expected = [("file", Some.Digest(Content))];

    private static readonly string AllPrintable = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code));

    public static TheoryData<string> Passphrases => new(
        "simple", "1", AllPrintable, "with space", " leading and trailing ", "quotes ' \" ` $HOME \\ %n", "ünïcödé 密码 🔑", "\ttab", "-n", "#", new string('x', 1000), "carriage\rreturn");

    [Theory]
    [MemberData(nameof(Passphrases))]
    public void Any_passphrase_works_for_us_and_for_stock_gpg(string passphrase)
    {
        using var workspace = new Workspace();
        var settings = Some.WithPassphrase(passphrase);
        var archive = Some.Archive(settings, "file", Content);
        workspace.Write("archive", archive);
        workspace.Write("passphrase", System.Text.Encoding.UTF8.GetBytes(passphrase + "\n"));

        var restored = Host.Bash(
            "mkdir -m 700 home; gpg --homedir home --batch --quiet --pinentry-mode loopback --passphrase-file passphrase -d archive | tar -xzO",
            workspace.Path);

        Assert.Equal(Some.Digest(Content), Some.Digest(restored));
        Assert.Equal(Expected, Some.ReadAll(archive, ".tar.gz.gpg", settings));

        workspace.Write("plain", Some.Archive(Some.Plain(), "file", Content));
        var theirs = Host.Bash(
            "gpg --homedir home --batch --quiet --no-autostart --s2k-count 65536 --pinentry-mode loopback --passphrase-file passphrase -z 0 -c < plain",
            workspace.Path);

        Assert.Equal(Expected, Some.ReadAll(theirs, ".tar.gz.gpg", settings));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("nul\0")]
    public void A_passphrase_that_gpg_would_cut_is_a_fault_of_the_configuration(string passphrase)
    {
        var error = Assert.Throws<ConfigurationException>(() => ArchiveWriter.Create(Some.WithPassphrase(passphrase), Stream.Null));

        Assert.Contains("BACKUP_ENCRYPTION_KEY", error.Message);
    }

    [Fact]
    public void What_we_write_is_AES_256_with_a_modification_detection_code()
    {
        using var workspace = new Workspace();
        workspace.Write("archive", Some.Archive(Some.WithPassphrase(), "file", Content));

        var packets = Host.Text(
            $"mkdir -m 700 home; gpg --homedir home --batch --pinentry-mode loopback --passphrase '{Some.Passphrase}' --list-packets archive 2>/dev/null",
            workspace.Path);

        Assert.Matches("symkey enc packet: version 4, cipher 9,.*s2k 3, hash 10\n\tsalt [0-9A-F]{16}, count 65011712 ", packets);
        Assert.Contains("mdc_method: 2", packets);
        Assert.DoesNotContain("compressed packet", packets);
    }

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    [InlineData(Compression.None)]
    internal void Every_recipient_can_open_the_archive_and_nobody_else(Compression compression)
    {
        using var workspace = new Workspace();
        MakeKeys(workspace);
        var writing = Some.Plain(compression) with { RecipientsFile = workspace["recipients.asc"] };
        var extension = Some.ExtensionOf(writing);

        var archive = Some.Archive(writing, "file", Content);

        foreach (var owner in (string[])["one", "two"])
            Assert.Equal(Expected, Some.ReadAll(archive, extension, writing with { DecryptionKey = SecretKey(workspace, owner) }));
        var wrongKey = Assert.Throws<BackupRefusedException>(
            () => Some.ReadAll(archive, extension, writing with { DecryptionKey = SecretKey(workspace, "three") }));
        Assert.Contains("BACKUP_DECRYPTION_KEY", wrongKey.Message);
        var onlyPassphrase = Assert.Throws<BackupRefusedException>(() => Some.ReadAll(archive, extension, Some.WithPassphrase()));
        Assert.Contains("BACKUP_DECRYPTION_KEY", onlyPassphrase.Message);
    }

    [Fact]
    public void With_recipients_and_a_passphrase_either_opens_the_archive()
    {
        using var workspace = new Workspace();
        MakeKeys(workspace);

        var archive = Some.Archive(Some.WithPassphrase() with { RecipientsFile = workspace["recipients.asc"] }, "file", Content);

        Assert.Equal(Expected, Some.ReadAll(archive, ".tar.gz.gpg", Some.WithPassphrase()));
        Assert.Equal(Expected, Some.ReadAll(archive, ".tar.gz.gpg", Some.Plain() with { DecryptionKey = SecretKey(workspace, "two") }));
    }

    [Fact]
    public void Files_without_the_right_keys_are_faults_of_the_configuration()
    {
        using var workspace = new Workspace();
        var garbage = workspace.Write("garbage", "not a key"u8);
        var archive = Some.Archive(Some.WithPassphrase(), "file", Content);

        var recipients = Assert.Throws<ConfigurationException>(() => ArchiveWriter.Create(Some.Plain() with { RecipientsFile = garbage }, Stream.Null));
        var missing = Assert.Throws<ConfigurationException>(() => ArchiveWriter.Create(Some.Plain() with { RecipientsFile = workspace["none"] }, Stream.Null));
        var secret = Assert.Throws<ConfigurationException>(() => Some.ReadAll(archive, ".tar.gz.gpg", Some.Plain() with { DecryptionKey = new Secret("no key") }));

        Assert.Contains("BACKUP_ENCRYPTION_RECIPIENTS_FILE", recipients.Message);
        Assert.Contains("BACKUP_ENCRYPTION_RECIPIENTS_FILE", missing.Message);
        Assert.Contains("BACKUP_DECRYPTION_KEY", secret.Message);
        Assert.DoesNotContain("no key", secret.Message);
    }

    [Fact]
    public void A_wrong_passphrase_is_told_apart_from_damage_and_from_no_encryption()
    {
        var archive = Some.Archive(Some.WithPassphrase(), "file", Content);
        var damaged = archive.ToArray();
        damaged[damaged.Length / 2] ^= 1;
        var plain = Some.Archive(Some.Plain(), "file", Content);

        Assert.Contains("another BACKUP_ENCRYPTION_KEY", Refusal(archive, Some.WithPassphrase("wrong")));
        Assert.Contains("damaged", Refusal(damaged, Some.WithPassphrase()));
        Assert.Contains("damaged or cut", Refusal(archive[..^1], Some.WithPassphrase()));
        Assert.Contains("not an OpenPGP message", Refusal(plain, Some.WithPassphrase()));
        Assert.Contains("neither BACKUP_ENCRYPTION_KEY nor", Refusal(archive, Some.Plain()));
        Assert.Contains("not an OpenPGP message", Refusal([], Some.WithPassphrase()));
    }

    [Fact]
    public void A_message_that_was_never_encrypted_is_refused_although_gpg_accepts_it()
    {
        using var workspace = new Workspace();
        workspace.Write("tar.gz", Some.Archive(Some.Plain(), "file", Content));

        var literal = Host.Bash("mkdir -m 700 home; gpg --homedir home --batch -z 0 --store -o - tar.gz", workspace.Path);

        Assert.Contains("not encrypted at all", Refusal(literal, Some.WithPassphrase()));
    }

    [Fact]
    public void A_full_disk_ends_the_writing_with_the_disks_own_error()
    {
        var error = Assert.Throws<IOException>(() => WriteMuch(new FullDisk(100_000), Some.WithPassphrase(compression: Compression.None)));

        Assert.Equal("No space left on device", error.Message);
    }

    [Fact]
    public void When_gpg_gives_up_its_last_words_are_told_instead_of_a_broken_pipe()
    {
        using var workspace = new Workspace();
        MakeKeys(workspace);
        Host.Bash(
            """
            export GNUPGHOME=$PWD/keys
            gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'only signs' ed25519 sign never 2>/dev/null
            gpg --batch --armor --export 'only signs' > signs.asc; gpgconf --kill all
            """, workspace.Path);

        var error = Assert.Throws<ProcessFailedException>(
            () => WriteMuch(Stream.Null, Some.Plain(Compression.None) with { RecipientsFile = workspace["signs.asc"] }));

        Assert.Contains("Unusable public key", error.Message);
    }

    [Fact]
    public void Nothing_of_gpg_stays_behind()
    {
        using var workspace = new Workspace();
        MakeKeys(workspace);
        string path;

        using (var home = new GpgHome())
        {
            path = home.Gpg().Environment["GNUPGHOME"];
            home.ImportSecretKey(SecretKey(workspace, "one"), SettingTable.DecryptionKey);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            Assert.Contains(path, Host.Text("ps -eo args", workspace.Path));
        }

        Assert.False(Directory.Exists(path));
        // The agent answers that it will go, and goes a moment later.
        Host.Bash(
            $"for i in {{1..200}}; do ps -eo args | grep -v grep | grep -qF -- '--homedir {path}' || exit 0; sleep 0.05; done; exit 1", workspace.Path);
    }

    [Fact]
    public void An_abandoned_writer_or_reader_comes_to_an_end()
    {
        using (var abandoned = ArchiveWriter.Create(Some.WithPassphrase(), Stream.Null))
            abandoned.WriteFile("file", Some.Bytes(5_000_000), Some.Attributes);
        using (var abandoned = ArchiveReader.Open(
            new MemoryStream(Some.Archive(Some.WithPassphrase(), "file", Some.Bytes(20_000_000))), ".tar.gz.gpg", Some.WithPassphrase()))
        {
            Assert.Equal("file", abandoned.NextEntry(TestContext.Current.CancellationToken)?.Name);
        }
    }

    private static string Refusal(byte[] archive, ArchiveSettings settings) =>
        Assert.Throws<BackupRefusedException>(() => Some.ReadAll(archive, ".tar.gz.gpg", settings)).Message;

    private static void WriteMuch(Stream destination, ArchiveSettings settings)
    {
        using var writer = ArchiveWriter.Create(settings, destination);
        for (var i = 0; i < 100; i++)
            writer.WriteFile($"file-{i}", Content, Some.Attributes);
        writer.Complete();
    }

    private static void MakeKeys(Workspace workspace) => Host.Bash(
        """
        mkdir -m 700 keys; export GNUPGHOME=$PWD/keys
        for name in one two three; do
          gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key "$name" future-default default never 2>/dev/null
          gpg --batch --quiet --pinentry-mode loopback --passphrase '' --armor --export-secret-keys "$name" > $name.sec
        done
        gpg --batch --armor --export one > recipients.asc; gpg --batch --armor --export two >> recipients.asc
        gpgconf --kill all
        """, workspace.Path);

    private static Secret SecretKey(Workspace workspace, string owner) => new(File.ReadAllText(workspace[owner + ".sec"]));

    /// <summary>A place for so many bytes.</summary>
    private sealed class FullDisk(long room) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > room)
                throw new IOException("No space left on device");
            base.Write(buffer, offset, count);
        }
    }
}
