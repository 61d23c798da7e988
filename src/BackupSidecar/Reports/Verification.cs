using System.Text.Json.Serialization;

namespace BackupSidecar.Reports;

/// <summary>How closely a stored backup is looked at. Each level includes those above it.</summary>
internal enum VerificationLevel
{
    /// <summary>The stored bytes, read back from the store, are those that were written.</summary>
    Stored,

    /// <summary>The key opens them, and every source in them is what the manifest says; dumps are read from end to end.</summary>
    Content,

    /// <summary>Databases took their dumps in scratch servers like the running ones, files were unpacked, and all of it is what the manifest counted.</summary>
    Restore,
}

/// <summary>What a verification of one copy came to.</summary>
internal enum VerificationResult
{
    Good,

    /// <summary>It is not what was stored there.</summary>
    Refused,

    /// <summary>The store or this machine failed, which says nothing of the backup.</summary>
    Unread,

    /// <summary>It was removed while it was looked at, manifest first, as retention does it.</summary>
    Gone,
}

/// <summary>The verification of one archive in one store. <see cref="Problem"/> says in words why it is not good.</summary>
internal sealed record VerifiedCopy(string Archive, string Store, VerificationLevel Level, VerificationResult Result, string? Problem)
{
    /// <summary>Whether it came back as it was backed up, and was refused because something that is asserted of it is not true.</summary>
    [JsonIgnore]
    public bool IsOnlyUntrue { get; init; }

    [JsonIgnore]
    public bool IsVerdict => Result is VerificationResult.Good or VerificationResult.Refused;
}

/// <summary>A verification and when it ended.</summary>
internal sealed record PastVerification(VerifiedCopy Copy, DateTimeOffset At);

/// <summary>What is known of each stored copy from the verifications in the history.</summary>
internal sealed class PastVerifications
{
    private readonly ILookup<(string Archive, string Store), PastVerification> _newestFirst;

    /// <param name="newestFirst">The history, of backups as well: a copy that was read back right after its upload was verified then.</param>
    public PastVerifications(IEnumerable<RunReport> newestFirst) => _newestFirst = newestFirst
        .SelectMany(report => report.Verified.Concat(ReadBack(report)).Where(copy => copy.IsVerdict).Select(copy => new PastVerification(copy, report.FinishedAt)))
        .ToLookup(past => (past.Copy.Archive, past.Copy.Store));

    /// <summary>What is known of every copy that was ever verified.</summary>
    public IEnumerable<PastVerification> All => _newestFirst.Select(verdicts => Of(verdicts.Key.Archive, verdicts.Key.Store)!); // No group is empty.

    /// <summary>When the copy was last read to a verdict, good or bad; null if never.</summary>
    public DateTimeOffset? LastRead(string archive, string store) => _newestFirst[(archive, store)].FirstOrDefault()?.At;

    /// <summary>
    /// The newest refusal that stands: only what looked as closely and found it good takes one back. Else the newest of the
    /// closest looks, because a superficial one takes nothing back. Null if the copy was never verified.
    /// </summary>
    public PastVerification? Of(string archive, string store)
    {
        var verdicts = _newestFirst[(archive, store)].ToList();
        return verdicts.Where((past, newer) => IsRefused(past) && !verdicts.Take(newer).Any(later => !IsRefused(later) && later.Copy.Level >= past.Copy.Level)).FirstOrDefault()
            ?? verdicts.TakeWhile(past => !IsRefused(past)).MaxBy(past => past.Copy.Level);
    }

    private static bool IsRefused(PastVerification past) => past.Copy.Result == VerificationResult.Refused;

    private static IEnumerable<VerifiedCopy> ReadBack(RunReport backup) =>
        (backup.Archive is { } archive ? backup.Stores.Select(store => (Archive: archive, store.Store, store.Checked)) : [])
            .Concat(backup.MadeUp.Select(copy => (copy.Archive, copy.Store, copy.Checked)))
            .Where(copy => copy.Checked == UploadCheck.ReadBack)
            .Select(copy => new VerifiedCopy(copy.Archive, copy.Store, VerificationLevel.Stored, VerificationResult.Good, Problem: null));
}
