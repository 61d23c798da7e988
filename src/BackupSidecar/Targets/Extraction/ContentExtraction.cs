using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Writes the content of a source's one entry to a private file: for dumps, and for files that the manifest knows by the
/// digest of their content.
/// </summary>
internal sealed class ContentExtraction(string folder, Expectation expected) : IExtraction
{
    private readonly ExtractionGuard _guard = new(expected.Root, expected.Limits, expected.IsTrusted);
    private string? _digest;
    private long _bytes;

    public string Root => expected.Root;

    public IReadOnlyList<string> Notes => [];

    private string FilePath => Path.Combine(folder, expected.Entry);

    public void Add(ArchiveEntry entry, CancellationToken cancellation)
    {
        _ = _guard.Judge(new EntryFacts(entry.Name, entry.Type, entry.LinkTarget, entry.Bytes));
        if (_digest is not null || entry.Type is not ('0' or '7') || entry.IsSparse || entry.Name != Root)
            throw new BackupRefusedException($"The archive is not what a backup looks like: '{expected.Entry}' is not one plain file. Nothing was restored.");
        // The folder is private, so the file may get its own mode at the end.
        using (var file = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            (_digest, _bytes) = Copy(entry.Content, file, cancellation);
        GiveAttributes(entry.Attributes);
    }

    public Task FinishAsync(CancellationToken cancellation)
    {
        expected.Compare(_bytes, _digest is null ? 0 : 1, _digest ?? "", recordsDigest: null);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static (string Digest, long Bytes) Copy(Stream content, FileStream file, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 * 1024];
        var total = 0L;
        for (int read; (read = content.Read(buffer)) > 0; total += read)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
            file.Write(buffer, 0, read);
        }
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), total);
    }

    private void GiveAttributes(EntryAttributes attributes)
    {
        var path = new RawPath(FilePath);
        if (Environment.IsPrivilegedProcess)
            Posix.SetOwner(path, (uint)attributes.OwnerId, (uint)attributes.GroupId);
        Posix.SetMode(path, (uint)attributes.Mode & (expected.IsTrusted ? 0xfffu : 0x1ffu));
        Posix.SetModifiedAt(path, attributes.ModifiedAt.ToUnixTimeSeconds(), 0);
    }
}
