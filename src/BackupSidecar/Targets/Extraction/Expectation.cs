using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets.Extraction;

/// <summary>What an extraction must find: the source's line of the manifest, or nothing for archives without one.</summary>
/// <param name="Entry">The name that the unpacked thing gets.</param>
/// <param name="Root">The first component of its names in the archive (bytes as Latin-1 characters).</param>
/// <param name="Manifest">Its line of the manifest, or null.</param>
/// <param name="IsTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
internal sealed record Expectation(string Entry, string Root, ManifestSource? Manifest, bool IsTrusted)
{
    public static Expectation Of(ArchivedSource source, bool isTrusted) =>
        new(source.Entry, RawName.ToLatin1(source.Root), source.Manifest, isTrusted);

    public ExtractionLimits Limits =>
        Manifest is null ? ExtractionLimits.None : new ExtractionLimits(Manifest.Bytes, Manifest.Entries);

    /// <exception cref="BackupRefusedException">Something differs.</exception>
    public void Compare(long bytes, long entries, string? contentDigest, string? recordsDigest)
    {
        if (Manifest is null)
            return;
        if (bytes != Manifest.Bytes || entries != Manifest.Entries)
        {
            throw new BackupRefusedException(
                $"The archive does not hold what its manifest says: '{Entry}' has {entries} entries with {bytes} bytes in the archive, "
                + $"and {Manifest.Entries} with {Manifest.Bytes} in the manifest. Nothing was restored.");
        }
        var isSame = contentDigest is not null
            ? Same(contentDigest, Manifest.Sha256)
            : Same(recordsDigest, Manifest.TarSha256);
        if (!isSame)
            throw new BackupRefusedException($"The archive does not hold what its manifest says: the SHA-256 of '{Entry}' differs. Nothing was restored.");
    }

    private static bool Same(string? found, string? expected) => string.Equals(found, expected, StringComparison.OrdinalIgnoreCase);
}
