using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Writes the content of a source's one entry to a private file: for dumps, and for files that the manifest knows by the
/// digest of their content.
/// </summary>
/// <param name="folder">Where to.</param>
/// <param name="expected">What must come.</param>
/// <param name="owners">Told of its owner; null where it does not matter.</param>
internal sealed class ContentExtraction(string folder, Expectation expected, Owners? owners) : IExtraction
{
    private readonly SourceTally _tally = new(expected, isByContent: true);

    public string Root => expected.Root;

    public IReadOnlyList<string> Notes => owners?.Note is { } note ? [note] : [];

    private string FilePath => Path.Combine(folder, expected.Entry);

    public void Add(ArchiveEntry entry, CancellationToken cancellation)
    {
        _ = _tally.Admit(entry, cancellation);
        if (expected.Manifest is null)
            FreeSpace.CheckEntry(folder, entry.Bytes);
        // The folder is private, so the file may get its own mode at the end.
        using (var file = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            _tally.Destination = file;
            entry.CopyContentTo(_tally);
        }
        GiveAttributes(entry.Attributes);
    }

    public Task FinishAsync(CancellationToken cancellation)
    {
        _tally.Compare();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _tally.DisposeAsync();

    private void GiveAttributes(EntryAttributes attributes)
    {
        var path = new RawPath(FilePath);
        owners?.Add(attributes);
        if (owners is { AreKept: true })
            Posix.SetOwner(path, (uint)attributes.OwnerId, (uint)attributes.GroupId);
        Posix.SetMode(path, (uint)attributes.Mode & (expected.IsTrusted && owners is { HaveLostPrograms: false } ? 0xfffu : 0x1ffu));
        Posix.SetModifiedAt(path, attributes.ModifiedAt.ToUnixTimeSeconds(), 0);
    }
}
