namespace BackupSidecar.Archives;

/// <summary>How the document looks that stands beside a backup's bytes, and whose existence makes them a backup.</summary>
internal interface IManifestFormat
{
    /// <summary>Derives the current key, which takes a moment, so that whoever reads many documents need not wait for it with the first.</summary>
    Task PrepareAsync();

    /// <param name="manifest">What it says.</param>
    /// <param name="address">Where the store has the backup, for people.</param>
    byte[] Write(Manifest manifest, string address);

    /// <param name="json">The document.</param>
    /// <param name="backup">The name in the store of the backup that it stands beside.</param>
    /// <exception cref="BackupRefusedException">It is none, or of a kind that this program does not know.</exception>
    (Manifest Manifest, ManifestTrust Trust) Read(ReadOnlySpan<byte> json, string backup);
}
