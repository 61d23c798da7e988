using BackupSidecar.Archives.Contents;

namespace BackupSidecar.Targets.Extraction;

/// <summary>
/// Takes the entries of one source out of an archive and puts them into a private folder, checking each. What it has made may
/// be used only after it has finished, and the whole archive was read well.
/// </summary>
internal interface IExtraction : IEntryTaker, IAsyncDisposable
{
    /// <summary>What was left out, a sentence each.</summary>
    IReadOnlyList<string> Notes { get; }
}
