using BackupSidecar.Archives;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Takes the entries of one source out of an archive and puts them into a private folder, checking each. What it has made may
/// be used only after <see cref="FinishAsync"/> has returned, and the whole archive was read well.
/// </summary>
internal interface IExtraction : IAsyncDisposable
{
    /// <summary>The first component of the names that it takes, as bytes in Latin-1 characters.</summary>
    string Root { get; }

    /// <summary>What was left out, a sentence each.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <exception cref="BackupRefusedException">The entry is hostile or damaged.</exception>
    void Add(ArchiveEntry entry, CancellationToken cancellation);

    /// <summary>All entries were added: compares with the manifest.</summary>
    /// <exception cref="BackupRefusedException">It is not what the manifest says.</exception>
    Task FinishAsync(CancellationToken cancellation);
}
