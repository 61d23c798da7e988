namespace BackupSidecar.Retention;

/// <summary>
/// A backup in one store that a manifest of ours owns: the names of its two objects, when its run began (as the manifest
/// says), and whether it is good: manifest trusted, every source complete, nothing held against it.
/// </summary>
internal sealed record RetentionCandidate(string Archive, string Manifest, DateTimeOffset StartedAt, bool IsGood)
{
    /// <summary>In a word or two, why it is not good.</summary>
    public string Flaw { get; init; } = "incomplete";

    /// <summary>Whether a verification has opened it and found it good.</summary>
    public bool IsVerified { get; init; }
}

/// <summary>What becomes of one backup. The reason is a part of a sentence: "newest of week 2026-W47".</summary>
internal sealed record RetentionDecision(RetentionCandidate Candidate, bool Keep, string Reason);

/// <summary>A decision for every backup of one store, newest first.</summary>
internal sealed record RetentionPlan(IReadOnlyList<RetentionDecision> Decisions, int MaximumDeletions)
{
    /// <summary>Why nothing is removed until a person has acted, in whole sentences; null if pruning goes on.</summary>
    public string? FrozenBecause { get; init; }

    public IEnumerable<RetentionCandidate> Removals => Decisions.Where(decision => !decision.Keep).Select(decision => decision.Candidate);

    /// <summary>More would go than one run may remove: a person has to look first.</summary>
    public bool ExceedsCap => Removals.Count() > MaximumDeletions;

    /// <summary>The same plan within the cap: of what is to go, only the oldest go this time.</summary>
    public RetentionPlan Gradual()
    {
        var spared = Decisions.Where(decision => !decision.Keep).SkipLast(MaximumDeletions).ToHashSet(ReferenceEqualityComparer.Instance);
        return this with
        {
            Decisions = [.. Decisions.Select(decision => spared.Contains(decision)
                ? decision with { Keep = true, Reason = $"{decision.Reason}, but no more than {MaximumDeletions} are removed at once" }
                : decision)],
        };
    }
}
