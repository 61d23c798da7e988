using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// A key that manifests are authenticated with: of a signing key, or of a passphrase. A passphrase is stretched first, because a
/// manifest lies open beside the archive and must not make guessing it any cheaper; nor does the ID, which is made of the key.
/// </summary>
internal sealed class ManifestKey
{
    public const string SigningKey = "signing key";
    public const string Passphrase = "passphrase";

    private const int Iterations = 200_000;
    private const int KeyBytes = 32;
    private const int IdBytes = 8;

    private readonly byte[] _key;

    private ManifestKey(byte[] secret, string origin)
    {
        _key = Derive(secret, KeyBytes, "backup-sidecar manifest v1"u8);
        Name = new ManifestKeyName(Convert.ToHexStringLower(Derive(_key, IdBytes, "backup-sidecar manifest key id v1"u8)), origin);
    }

    /// <summary>
    /// What manifests and messages call it, which is no secret. The ID has 16 hexadecimal digits; a passphrase has another one for
    /// each backup name. The origin is <see cref="SigningKey"/> or <see cref="Passphrase"/>.
    /// </summary>
    public ManifestKeyName Name { get; }

    public static ManifestKey OfSigningKey(Secret key) => new(Encoding.UTF8.GetBytes(key.Reveal()), SigningKey);

    /// <summary>Takes a moment.</summary>
    public static ManifestKey OfPassphrase(Secret passphrase, string backupName) => new(
        Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(passphrase.Reveal()),
            Encoding.UTF8.GetBytes("backup-sidecar:" + backupName),
            Iterations,
            HashAlgorithmName.SHA256,
            KeyBytes),
        Passphrase);

    /// <summary>Whether a text can be an ID. What stands in a manifest that nobody vouches for may be anything.</summary>
    public static bool IsId(string text) => text.Length == 2 * IdBytes && text.All(char.IsAsciiHexDigitLower);

    public byte[] Mac(ReadOnlySpan<byte> content) => HMACSHA256.HashData(_key, content);

    private static byte[] Derive(byte[] secret, int length, ReadOnlySpan<byte> info) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, length, salt: [], info: info.ToArray());
}
