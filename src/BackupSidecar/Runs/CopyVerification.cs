using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Verification;

namespace BackupSidecar.Runs;

/// <summary>What a verification found out about one copy, with all that a person may want to know of it.</summary>
internal sealed record CopyVerification(ArchiveName Name, VerifiedCopy Copy, bool IsAuthenticated, IReadOnlyList<CheckedSource> Sources)
{
    /// <summary>What the level leaves open, a sentence each; nothing for a copy that is not good.</summary>
    public IEnumerable<string> LeftOpen
    {
        get
        {
            if (Copy.Result != VerificationResult.Good)
                yield break;
            if (!IsAuthenticated)
                yield return "no key vouches for the manifest, so whoever can write to the store could have changed both";
            foreach (var source in Sources.Where(source => source.Remark is not null))
                yield return $"'{source.Source.Entry}' {source.Remark}";
        }
    }
}
