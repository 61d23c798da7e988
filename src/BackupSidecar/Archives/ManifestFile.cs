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

/// <summary>The manifest as JSON: written, read, signed and checked.</summary>
internal sealed class ManifestFile(ArchiveSettings settings, string backupName)
{
    /// <summary>UTF-8 JSON for people (indented), with a MAC if a key is configured.</summary>
    public byte[] Write(Manifest manifest) => throw new NotImplementedException();

    /// <exception cref="BackupRefusedException">Not a manifest, or of a format that this program does not know.</exception>
    public (Manifest Manifest, ManifestTrust Trust) Read(ReadOnlySpan<byte> json) => throw new NotImplementedException();
}
