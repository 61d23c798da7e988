using System.Security.Cryptography;
using System.Text.Json;
using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>What is known of who wrote a manifest.</summary>
internal enum ManifestTrust
{
    /// <summary>Its MAC was made with a configured key.</summary>
    Authentic,

    /// <summary>It carries no MAC, or we have no key to check it with.</summary>
    NotAuthenticated,

    /// <summary>Its MAC names a key that is not configured.</summary>
    OtherKey,

    /// <summary>Its MAC is wrong: it was changed, or made with another key that it does not name.</summary>
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

    private readonly ManifestKeys _keys = new(settings, backupName);

    /// <summary>Derives the current key, which takes a moment, so that whoever reads many manifests need not wait for it with the first.</summary>
    public Task PrepareAsync() => Task.Run(() => _keys.Current);

    /// <summary>UTF-8 JSON for people (indented), with a MAC by the current key if one is configured.</summary>
    public byte[] Write(Manifest manifest)
    {
        if (_keys.Current is not { } key)
            return Serialize(manifest with { Key = null, Authentication = null });
        var unsigned = manifest with { Key = key.Name, Authentication = null };
        using var document = JsonDocument.Parse(Serialize(unsigned), DocumentOptions);
        var mac = Convert.ToHexStringLower(key.Mac(Signed(document.RootElement)));
        return Serialize(unsigned with { Authentication = new ManifestAuthentication(Algorithm, mac) });
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
            return (manifest, TrustIn(document.RootElement, manifest));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BackupRefusedException($"The manifest is damaged: {error.Message}", error);
        }
    }

    private static byte[] Serialize(Manifest manifest) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Strict.Manifest), (byte)'\n'];

    private static byte[] Signed(JsonElement document) => CanonicalJson.Write(document, AuthenticationMember);

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

    private ManifestTrust TrustIn(JsonElement document, Manifest manifest)
    {
        if (manifest.Authentication is not { } authentication || _keys.IsEmpty)
            return ManifestTrust.NotAuthenticated;
        if (authentication.Algorithm != Algorithm || !TryFromHex(authentication.Mac, out var mac))
            return ManifestTrust.Forged;
        var content = Signed(document);
        bool IsBy(ManifestKey key) => CryptographicOperations.FixedTimeEquals(mac, key.Mac(content));
        if (manifest.Key is not { Id: var id })
            return _keys.All.Any(IsBy) ? ManifestTrust.Authentic : ManifestTrust.Forged;
        if (!ManifestKey.IsId(id))
            return ManifestTrust.Forged;
        return _keys.All.FirstOrDefault(key => key.Name.Id == id) is not { } named ? ManifestTrust.OtherKey
            : IsBy(named) ? ManifestTrust.Authentic
            : ManifestTrust.Forged;
    }

    private static bool TryFromHex(string hex, out byte[] bytes)
    {
        bytes = new byte[HMACSHA256.HashSizeInBytes];
        return Convert.FromHexString(hex, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == bytes.Length;
    }
}
