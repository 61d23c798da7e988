namespace BackupSidecar.Archives.Contents;

/// <summary>Takes the entries of one source as an <see cref="ArchiveWalk"/> comes by them.</summary>
internal interface IEntryTaker
{
    /// <summary>The first component of the names that it takes, as bytes in Latin-1 characters.</summary>
    string Root { get; }

    /// <exception cref="BackupRefusedException">The entry is hostile or damaged.</exception>
    void Add(ArchiveEntry entry, CancellationToken cancellation);

    /// <summary>All entries were added: compares with the manifest.</summary>
    /// <exception cref="BackupRefusedException">It is not what the manifest says.</exception>
    Task FinishAsync(CancellationToken cancellation);
}
