namespace BackupSidecar.Retention;

/// <summary>
/// A backup in one store that a manifest of ours owns: the names of its two objects, when its run began (as the manifest
/// says), and whether it is good: manifest trusted, every source complete.
/// </summary>
internal sealed record RetentionCandidate(string Archive, string Manifest, DateTimeOffset StartedAt, bool IsGood);

/// <summary>What becomes of one backup. The reason is a part of a sentence: "newest of week 2026-W47".</summary>
internal sealed record RetentionDecision(RetentionCandidate Candidate, bool Keep, string Reason);

/// <summary>A decision for every backup of one store, newest first.</summary>
internal sealed record RetentionPlan(IReadOnlyList<RetentionDecision> Decisions, int MaximumDeletions)
{
    public IEnumerable<RetentionCandidate> Removals => Decisions.Where(decision => !decision.Keep).Select(decision => decision.Candidate);

    /// <summary>More would go than one run may remove: a person has to look first.</summary>
    public bool ExceedsCap => Removals.Count() > MaximumDeletions;
}
