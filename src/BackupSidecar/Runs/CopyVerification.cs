using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;
using BackupSidecar.Verification;

namespace BackupSidecar.Runs;

/// <summary>What a verification found out about one copy, with all that a person may want to know of it.</summary>
internal sealed record CopyVerification(ArchiveName Name, VerifiedCopy Copy, bool IsAuthenticated, IReadOnlyList<CheckedSource> Sources)
{
    /// <summary>How closely it was to be looked at.</summary>
    public VerificationLevel Wanted { get; init; } = Copy.Level;

    /// <summary>Whether it is good as far as it was looked at, and that is less far than was wanted.</summary>
    public bool IsShortOfWanted => Copy.Result == VerificationResult.Good && Copy.Level < Wanted;

    /// <summary>What a drill made of it; null where none came to its end.</summary>
    public DrillReport? Drill { get; init; }

    /// <summary>What a drill could not restore here, a sentence each. What failed when the backup was made is told of elsewhere.</summary>
    public IEnumerable<string> NotRestored => (Drill?.Sources ?? [])
        .Where(source => source.Outcome == DrillOutcome.NotRestored && Sources.All(each => each.Source.Entry != source.Entry || each.Remark is null))
        .Select(source => $"'{source.Entry}' was not restored, and was read as content only: {source.Problem}");

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
            foreach (var sentence in NotRestored)
                yield return sentence;
            foreach (var source in Drill?.Sources ?? [])
            {
                foreach (var remark in source.Remarks)
                    yield return $"'{source.Entry}': {remark}";
            }
        }
    }
}
