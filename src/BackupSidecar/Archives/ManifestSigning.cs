using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// Signs and checks documents that stand beside backups. The MAC covers every member of a document but the one that it stands in,
/// also those that a later version of this program may add and this one does not know.
/// </summary>
/// <param name="settings">The keys.</param>
/// <param name="backupName">Goes into the keys of passphrases.</param>
internal sealed class ManifestSigning(ArchiveSettings settings, string backupName)
{
    private const string Algorithm = "HMAC-SHA256";
    private const string AuthenticationMember = "authentication";

    private readonly ManifestKeys _keys = new(settings, backupName);

    /// <summary>How documents are parsed, before and after: nothing in them may be read in two ways.</summary>
    public static JsonDocumentOptions DocumentOptions { get; } = new() { AllowDuplicateProperties = false };

    /// <summary>What new documents name as their key; null if none is configured. Takes a moment when it is first asked for.</summary>
    public ManifestKeyName? Key => _keys.Current?.Name;

    public Task PrepareAsync() => Task.Run(() => _keys.Current);

    /// <summary>Signs a document that names <see cref="Key"/> and has no signature yet.</summary>
    public ManifestAuthentication Sign(byte[] unsigned)
    {
        var key = _keys.Current ?? throw new InvalidOperationException("There is no key to sign with.");
        using var document = JsonDocument.Parse(unsigned, DocumentOptions);
        return new ManifestAuthentication(Algorithm, Convert.ToHexStringLower(key.Mac(Signed(document.RootElement))));
    }

    /// <exception cref="InvalidOperationException">A text in the document is not valid Unicode.</exception>
    public ManifestTrust TrustIn(JsonElement document, ManifestKeyName? named, ManifestAuthentication? authentication)
    {
        if (authentication is null || _keys.IsEmpty)
            return ManifestTrust.NotAuthenticated;
        if (authentication.Algorithm != Algorithm || !TryFromHex(authentication.Mac, out var mac))
            return ManifestTrust.Forged;
        var content = Signed(document);
        bool IsBy(ManifestKey key) => CryptographicOperations.FixedTimeEquals(mac, key.Mac(content));
        if (named is null)
            return _keys.All.Any(IsBy) ? ManifestTrust.Authentic : ManifestTrust.Forged;
        if (!ManifestKey.IsId(named.Id))
            return ManifestTrust.Forged;
        return _keys.All.FirstOrDefault(key => key.Name.Id == named.Id) is not { } known ? ManifestTrust.OtherKey
            : IsBy(known) ? ManifestTrust.Authentic
            : ManifestTrust.Forged;
    }

    private static byte[] Signed(JsonElement document) => CanonicalJson.Write(document, AuthenticationMember);

    private static bool TryFromHex(string hex, out byte[] bytes)
    {
        bytes = new byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(hex, bytes, out _, out var written) == OperationStatus.Done && written == bytes.Length;
    }
}
