using BackupSidecar.Configuration;

namespace BackupSidecar.Archives;

/// <summary>
/// All keys that manifests may have been authenticated with. New ones are with the current key: the signing key, else the
/// passphrase. Each key is derived when it is first asked for, because that takes a moment.
/// </summary>
internal sealed class ManifestKeys
{
    private readonly IReadOnlyList<Lazy<ManifestKey>> _keys;
    private readonly Lazy<ManifestKey>? _current;

    public ManifestKeys(ArchiveSettings settings, string backupName)
    {
        // The current ones come first in each list. Signing keys cost nothing, so they are looked at before passphrases.
        List<Lazy<ManifestKey>> signing = [.. settings.SigningKeys.Select(key => new Lazy<ManifestKey>(() => ManifestKey.OfSigningKey(key)))];
        List<Lazy<ManifestKey>> passphrases =
            [.. settings.Passphrases.Select(passphrase => new Lazy<ManifestKey>(() => ManifestKey.OfPassphrase(passphrase, backupName)))];
        _keys = [.. signing, .. passphrases];
        _current = settings.SigningKey is not null ? signing[0] : settings.EncryptionKey is not null ? passphrases[0] : null;
    }

    /// <summary>What new manifests are authenticated with; null if no key is configured for them.</summary>
    public ManifestKey? Current => _current?.Value;

    /// <summary>The current one and those of earlier backups, derived as far as they are enumerated.</summary>
    public IEnumerable<ManifestKey> All => _keys.Select(key => key.Value);

    /// <summary>Whether no key is configured, old ones included.</summary>
    public bool IsEmpty => _keys.Count == 0;
}
