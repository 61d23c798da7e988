using System.Security.Cryptography;

namespace BackupSidecar.Archives.Contents;

/// <summary>
/// Judges, counts and hashes the entries of one source, hands their bytes on while there is somewhere to hand them to, and
/// says at the end whether they are what the manifest says. Each entry is admitted first; then its bytes are written here:
/// its content where the manifest knows that, and its tar records otherwise.
/// </summary>
internal sealed class SourceTally(Expectation expected, bool isByContent) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly EntryGuard _guard = new(
        expected.Root,
        expected.Manifest is { } manifest ? new EntryLimits(manifest.Bytes, manifest.Entries) : EntryLimits.None,
        expected.IsTrusted);

    private CancellationToken _cancellation;

    /// <summary>Where the bytes go; null to drop them.</summary>
    public Stream? Destination { get; set; }

    /// <summary>Whether the destination has refused bytes: then it, and not the archive, is what failed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Content of all entries so far.</summary>
    public long Bytes { get; private set; }

    public long Entries { get; private set; }

    /// <summary>Null if the entry may be unpacked; otherwise why it is left out (its bytes are to be written here all the same).</summary>
    /// <exception cref="BackupRefusedException">The entry is hostile, or not what this source may hold.</exception>
    public string? Admit(ArchiveEntry entry, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _cancellation = cancellation;
        if (entry.IsAmbiguous)
            throw new BackupRefusedException($"The archive is not safe to unpack: the headers of an entry of '{expected.Entry}' can be read in two ways.");
        var reason = _guard.Judge(new EntryFacts(entry.Name, entry.Type, entry.LinkTarget, entry.Bytes));
        if (isByContent && (Entries > 0 || entry.Type is not ('0' or '7') || entry.IsSparse || entry.Name != expected.Root))
            throw new BackupRefusedException($"The archive is not what a backup looks like: '{expected.Entry}' is not one plain file.");
        Entries++;
        Bytes += entry.Bytes;
        return reason;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _cancellation.ThrowIfCancellationRequested();
        _hash.AppendData(buffer);
        try
        {
            Destination?.Write(buffer);
        }
        catch (IOException)
        {
            IsBroken = true;
            throw;
        }
    }

    /// <summary>All entries are here: compares with the manifest, if there is one.</summary>
    /// <exception cref="BackupRefusedException">Something differs.</exception>
    public void Compare()
    {
        var digest = Convert.ToHexStringLower(_hash.GetHashAndReset());
        if (expected.Manifest is not { } manifest)
            return;
        if (Bytes != manifest.Bytes || Entries != manifest.Entries)
        {
            throw new BackupRefusedException(
                $"The archive does not hold what its manifest says: '{expected.Entry}' has {Entries} entries with {Bytes} bytes in the archive, "
                + $"and {manifest.Entries} with {manifest.Bytes} in the manifest.");
        }
        if (!string.Equals(digest, isByContent ? manifest.Sha256 : manifest.TarSha256, StringComparison.OrdinalIgnoreCase))
            throw new BackupRefusedException($"The archive does not hold what its manifest says: the SHA-256 of '{expected.Entry}' differs.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }
}
