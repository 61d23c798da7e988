using BackupSidecar.Planning;
using BackupSidecar.Targets.Extraction;

namespace BackupSidecar.Targets;

/// <summary>
/// Where one source of a backup goes back to. A run checks all of its targets, then unpacks into the private folder of each,
/// and only when all of the archive has proved good, with the services stopped, applies one after the other. Until
/// <see cref="CommitAsync"/> a target can be rolled back (a database cannot: its own tool does all or nothing). Disposing
/// removes what is left of the private folder.
/// </summary>
internal interface IRestoreTarget : IAsyncDisposable
{
    RestoreStep Step { get; }

    /// <summary>The folder whose file system takes the unpacked bytes.</summary>
    string Place { get; }

    /// <summary>Checks that the target can be written to, and makes the private folder.</summary>
    /// <exception cref="RestoreException">It cannot; the message says what to change.</exception>
    Task CheckAsync(CancellationToken cancellation);

    /// <summary>What takes the source's entries. The caller disposes it.</summary>
    /// <param name="isTrusted">Whether set-user-id bits, pipes and attributes that grant rights are restored.</param>
    IExtraction Extract(bool isTrusted);

    /// <summary>Makes the target what was unpacked.</summary>
    Task ApplyAsync(CancellationToken cancellation);

    /// <summary>Puts back what was there before, also after a commit; does nothing if nothing was applied.</summary>
    Task RollBackAsync();

    /// <summary>What is true of the target after a rollback, in words.</summary>
    string AfterRollBack => "what was there before the restore is there again";

    /// <summary>What a person should know of how it was applied, a sentence each.</summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>The whole restore has succeeded: what was kept to roll back is only waiting to be removed.</summary>
    Task CommitAsync();
}
