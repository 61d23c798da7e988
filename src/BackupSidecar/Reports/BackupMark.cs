using System.Text.Json.Serialization;

namespace BackupSidecar.Reports;

/// <summary>
/// What is held against a stored backup: a verification has refused its copy in one store, or it has lost so much of its usual
/// size that a person has to look. Stands until it is taken back or accepted.
/// </summary>
/// <param name="Archive">The archive's file name.</param>
/// <param name="Store">The store whose copy is bad; null for what concerns the backup itself.</param>
/// <param name="Since">When that was first found.</param>
/// <param name="Problem">What was found last, in words.</param>
internal sealed record BackupMark(string Archive, string? Store, DateTimeOffset Since, string Problem)
{
    /// <summary>The closest level at which the copy was refused; null for what concerns the backup itself.</summary>
    public VerificationLevel? RefusedAt { get; init; }

    /// <summary>When a person said that this is known; null until then.</summary>
    public DateTimeOffset? AcceptedAt { get; init; }

    /// <summary>Whether nobody has said yet that this is known.</summary>
    [JsonIgnore]
    public bool IsOpen => AcceptedAt is null;
}

/// <summary>All that is held against stored backups, as a value.</summary>
internal sealed record BackupMarks(IReadOnlyList<BackupMark> All)
{
    public static BackupMarks None { get; } = new([]);

    /// <summary>What is held against the copy of an archive in a store; null if nothing.</summary>
    public BackupMark? OfCopy(string archive, string store) => All.FirstOrDefault(mark => mark.Archive == archive && mark.Store == store);

    /// <summary>What is held against a backup, whatever store it is in; null if nothing.</summary>
    public BackupMark? OfBackup(string archive) => All.FirstOrDefault(mark => mark.Archive == archive && mark.Store is null);

    public BackupMarks With(BackupMark mark) => new([.. All, mark]);

    /// <summary>
    /// After a verification: what it refused is marked, and what it found good as closely as it was refused before is not
    /// marked any more.
    /// </summary>
    public BackupMarks After(RunReport verification) =>
        verification.Verified.Where(copy => copy.IsVerdict).Aggregate(this, (marks, copy) => marks.After(copy, verification.FinishedAt));

    /// <summary>
    /// All that these reports tell: what was refused and not found good since, and the backups that have lost too much. They do not tell what a person
    /// has accepted.
    /// </summary>
    public static BackupMarks Of(IEnumerable<RunReport> oldestFirst) => oldestFirst.Aggregate(None, (marks, report) => marks.After(report) is var after
        && report is { Kind: RunKind.Backup, Archive: { } archive, Attention: [_, ..] attention } && report.Stores.Any(store => store.Problem is null)
            ? after.With(new BackupMark(archive, Store: null, report.FinishedAt, string.Join(' ', attention)))
            : after);

    /// <summary>After a verdict on one copy.</summary>
    public BackupMarks After(VerifiedCopy copy, DateTimeOffset now)
    {
        var known = OfCopy(copy.Archive, copy.Store);
        if (copy.Result == VerificationResult.Good)
            return known?.RefusedAt <= copy.Level ? new BackupMarks([.. All.Where(mark => mark != known)]) : this;
        if (known is null)
            return With(new BackupMark(copy.Archive, copy.Store, now, copy.Problem ?? "it was refused") { RefusedAt = copy.Level });
        var closest = known.RefusedAt > copy.Level ? known.RefusedAt : copy.Level;
        return new BackupMarks([.. All.Select(mark => mark == known ? known with { RefusedAt = closest, Problem = copy.Problem ?? known.Problem } : mark)]);
    }

    /// <summary>A person knows of these now.</summary>
    public BackupMarks Accept(IReadOnlyCollection<BackupMark> known, DateTimeOffset now) =>
        new([.. All.Select(mark => mark.IsOpen && known.Contains(mark) ? mark with { AcceptedAt = now } : mark)]);
}
