using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Configuration;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Unpacks a tar.gz that is an entry itself, as docker-backup-sidecar packed each directory. Its root has the name that the
/// directory had on the disk; what is unpacked gets the source's name.
/// </summary>
internal sealed class NestedExtraction(string folder, Expectation expected, Owners owners) : IExtraction
{
    private TarExtraction? _tree;

    public string Root => expected.Root;

    public IReadOnlyList<string> Notes => _tree?.Notes ?? [];

    public void Add(ArchiveEntry entry, CancellationToken cancellation)
    {
        if (_tree is not null || entry.Type is not ('0' or '7') || entry.Name != Root)
            throw new BackupRefusedException($"The archive is not what a backup looks like: '{expected.Root}' is not one plain file.");
        using var inner = ArchiveReader.Open(entry.Content, ".tar.gz", new ArchiveSettings());
        while (inner.NextEntry(cancellation) is { } found)
        {
            _tree ??= TarExtraction.Start(folder, expected with { Root = found.Root }, isTree: true, owners);
            _tree.Add(found, cancellation);
        }
        inner.Complete();
    }

    public async Task FinishAsync(CancellationToken cancellation)
    {
        if (_tree is null)
            throw new BackupRefusedException($"The archive is not what a backup looks like: '{expected.Root}' is empty.");
        await _tree.FinishAsync(cancellation);
        var unpacked = new RawPath(folder).Child(RawName.FromLatin1(_tree.Root));
        if (_tree.Root != RawName.ToLatin1(expected.Entry))
            Posix.Rename(unpacked, new RawPath(folder).Child(expected.Entry));
    }

    public async ValueTask DisposeAsync()
    {
        if (_tree is not null)
            await _tree.DisposeAsync();
    }
}
