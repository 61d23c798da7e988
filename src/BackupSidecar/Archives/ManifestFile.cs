using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>What is known of who wrote a manifest.</summary>
internal enum ManifestTrust
{
    /// <summary>Its MAC was made with our key.</summary>
    Authentic,

    /// <summary>It carries no MAC, or we have no key to check it with.</summary>
    NotAuthenticated,

    /// <summary>Its MAC is wrong: it was changed, or made with another key.</summary>
    Forged,
}

/// <summary>
/// The manifest as JSON: written, read, signed and checked. The MAC covers every member that stands in the document, also
/// those that a later version of this program may add and this one does not know.
/// </summary>
internal sealed class ManifestFile(ArchiveSettings settings, string backupName)
{
    /// <summary>No manifest of ours is longer.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private const string Algorithm = "HMAC-SHA256";
    private const string AuthenticationMember = "authentication";
    private static readonly JsonDocumentOptions DocumentOptions = new() { AllowDuplicateProperties = false };

    private readonly Lazy<byte[]?> _key = new(() => ManifestKey.Derive(settings, backupName));

    /// <summary>Derives the key, which takes a moment, so that whoever reads many manifests need not wait for it with the first.</summary>
    public Task PrepareAsync() => Task.Run(() => _key.Value);

    /// <summary>UTF-8 JSON for people (indented), with a MAC if a key is configured.</summary>
    public byte[] Write(Manifest manifest)
    {
        var unsigned = Serialize(manifest with { Authentication = null });
        if (_key.Value is not { } key)
            return unsigned;
        using var document = JsonDocument.Parse(unsigned, DocumentOptions);
        var mac = Convert.ToHexStringLower(Mac(key, document.RootElement));
        return Serialize(manifest with { Authentication = new ManifestAuthentication(Algorithm, mac) });
    }

    /// <exception cref="BackupRefusedException">Not a manifest, or of a format that this program does not know.</exception>
    public (Manifest Manifest, ManifestTrust Trust) Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MostBytes)
            throw new BackupRefusedException($"The manifest has {json.Length} bytes, more than any manifest of this program has.");
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), DocumentOptions);
            CheckFormat(document.RootElement);
            var manifest = document.RootElement.Deserialize(ManifestJson.Strict.Manifest)
                ?? throw new BackupRefusedException("The manifest is empty.");
            CheckItems(manifest);
            return (manifest, TrustIn(document.RootElement, manifest.Authentication));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BackupRefusedException($"The manifest is damaged: {error.Message}", error);
        }
    }

    private static byte[] Serialize(Manifest manifest) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Strict.Manifest), (byte)'\n'];

    private static byte[] Mac(byte[] key, JsonElement document) =>
        HMACSHA256.HashData(key, CanonicalJson.Write(document, AuthenticationMember));

    private static void CheckFormat(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object
            || !document.TryGetProperty("format", out var member)
            || member.ValueKind != JsonValueKind.Number
            || !member.TryGetInt32(out var format)
            || format < 1)
        {
            throw new BackupRefusedException("This is not a manifest of this program: it names no format.");
        }
        if (format > Manifest.CurrentFormat)
        {
            throw new BackupRefusedException(
                $"The manifest has format {format}, and this version knows formats up to {Manifest.CurrentFormat}. A newer version can read it.");
        }
    }

    /// <summary>The JSON reader refuses members that are null, but not items of lists that are.</summary>
    private static void CheckItems(Manifest manifest)
    {
        if (manifest.Sources.Contains(null!) || manifest.Sources.Any(source => source.Skipped.Contains(null!)))
            throw new BackupRefusedException("The manifest is damaged: an item of one of its lists is nothing.");
    }

    private ManifestTrust TrustIn(JsonElement document, ManifestAuthentication? authentication)
    {
        if (authentication is null || _key.Value is not { } key)
            return ManifestTrust.NotAuthenticated;
        var isOurs = authentication.Algorithm == Algorithm
            && TryFromHex(authentication.Mac, out var mac)
            && CryptographicOperations.FixedTimeEquals(mac, Mac(key, document));
        return isOurs ? ManifestTrust.Authentic : ManifestTrust.Forged;
    }

    private static bool TryFromHex(string hex, out byte[] bytes)
    {
        bytes = new byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(hex, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == bytes.Length;
    }
}
