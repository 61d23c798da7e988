using BackupSidecar.Configuration;
using BackupSidecar.Tests.Archives;

namespace BackupSidecar.Tests.Corruption;

/// <summary>Somebody with a key pair, whom archives are encrypted for by the real gpg.</summary>
internal sealed class Recipient : IDisposable
{
    private readonly Workspace _workspace = new();

    public Recipient() => Host.Bash(
        """
        mkdir -m 700 home; export GNUPGHOME=$PWD/home
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key one future-default default never 2>/dev/null
        gpg --batch --armor --export one > recipients.asc
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --armor --export-secret-keys one > secret.asc
        gpgconf --kill all
        """,
        _workspace.Path);

    public ArchiveSettings Settings => Some.Plain() with
    {
        RecipientsFile = _workspace["recipients.asc"],
        DecryptionKey = new Secret(File.ReadAllText(_workspace["secret.asc"])),
    };

    public byte[] Archive(byte[] content) => Some.Archive(Settings, "file", content);

    public List<(string Name, string Digest)> Read(byte[] archive) => Some.ReadAll(archive, ".tar.gz.gpg", Settings);

    public void Dispose() => _workspace.Dispose();
}
