using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// The key that manifests are authenticated with: of the signing key, else of the passphrase, else none. A passphrase is
/// stretched first, because a manifest lies open beside the archive and must not make guessing it any cheaper.
/// </summary>
internal static class ManifestKey
{
    private const int Iterations = 200_000;
    private const int KeyBytes = 32;

    public static byte[]? Derive(ArchiveSettings settings, string backupName)
    {
        var secret = settings switch
        {
            { SigningKey: { } key } => Encoding.UTF8.GetBytes(key.Reveal()),
            { EncryptionKey: { } key } => Stretch(key, backupName),
            _ => null,
        };
        return secret is null
            ? null
            : HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, KeyBytes, salt: [], info: "backup-sidecar manifest v1"u8.ToArray());
    }

    private static byte[] Stretch(Secret passphrase, string backupName) => Rfc2898DeriveBytes.Pbkdf2(
        Encoding.UTF8.GetBytes(passphrase.Reveal()),
        Encoding.UTF8.GetBytes("backup-sidecar:" + backupName),
        Iterations,
        HashAlgorithmName.SHA256,
        KeyBytes);
}
