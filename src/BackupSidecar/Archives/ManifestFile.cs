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

/// <summary>The manifest of an archive as JSON: written, read, signed and checked.</summary>
internal sealed class ManifestFile(ArchiveSettings settings, string backupName) : IManifestFormat
{
    /// <summary>No manifest of ours is longer.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private readonly ManifestSigning _signing = new(settings, backupName);

    public Task PrepareAsync() => _signing.PrepareAsync();

    /// <summary>UTF-8 JSON for people (indented), with a MAC by the current key if one is configured.</summary>
    public byte[] Write(Manifest manifest)
    {
        var unsigned = manifest with { Key = _signing.Key, Authentication = null };
        var json = Serialize(unsigned);
        return unsigned.Key is null ? json : Serialize(unsigned with { Authentication = _signing.Sign(json) });
    }

    byte[] IManifestFormat.Write(Manifest manifest, string address) => Write(manifest);

    (Manifest Manifest, ManifestTrust Trust) IManifestFormat.Read(ReadOnlySpan<byte> json, string backup) => Read(json);

    /// <exception cref="BackupRefusedException">Not a manifest, or of a format that this program does not know.</exception>
    public (Manifest Manifest, ManifestTrust Trust) Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MostBytes)
            throw new BackupRefusedException($"The manifest has {json.Length} bytes, more than any manifest of this program has.");
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), ManifestSigning.DocumentOptions);
            CheckFormat(document.RootElement);
            var manifest = document.RootElement.Deserialize(ManifestJson.Strict.Manifest)
                ?? throw new BackupRefusedException("The manifest is empty.");
            CheckItems(manifest);
            return (manifest, _signing.TrustIn(document.RootElement, manifest.Key, manifest.Authentication));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BackupRefusedException($"The manifest is damaged: {error.Message}", error);
        }
    }

    private static byte[] Serialize(Manifest manifest) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Strict.Manifest), (byte)'\n'];

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
}
