using BackupSidecar.Reports;
using BackupSidecar.Retention;

namespace BackupSidecar.Tests.Retention;

public sealed class PruningFreezeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private static readonly BackupMark Bad = new("a1", "s3", Now, "a1 in the store 's3' is damaged: its bytes are not those that were written.") { RefusedAt = VerificationLevel.Content };
    private static readonly BackupMark Shrunken = new("a1", Store: null, Now, "uploads: 1 B, where the last good backups had 1.0 GiB (99 % less).");

    [Fact]
    public void A_copy_that_went_bad_freezes_its_store_and_says_what_to_do() =>
        Assert.Equal(
            "Nothing is pruned in the store 's3': a1 is bad there since 2026-11-20 13:00. a1 in the store 's3' is damaged: its bytes are not those that were written. "
            + "Have a look at that store. Pruning goes on when a verification finds the copy good again (backup-sidecar verify a1 --from s3 --level content), "
            + "when its files are removed, or when you say that you know: backup-sidecar accept a1",
            Reason("s3", [Bad]));

    [Fact]
    public void Several_are_counted()
    {
        var reason = Reason("s3", [Bad, Bad with { Archive = "a0" }, Bad with { Archive = "a2", Store = "local" }]);

        Assert.Contains("and so are 1 more, which 'list' shows", reason, StringComparison.Ordinal);
        Assert.EndsWith("backup-sidecar accept --all", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_copy_freezes_no_other_store() => Assert.Null(Reason("local", [Bad]));

    [Fact]
    public void What_is_removed_freezes_nothing() => Assert.Null(Reason("s3", [Bad with { Archive = "a9" }]));

    [Fact]
    public void What_is_accepted_freezes_nothing() =>
        Assert.Null(Reason("s3", [Bad with { AcceptedAt = Now }, Shrunken with { AcceptedAt = Now }]));

    [Fact]
    public void A_backup_that_lost_most_of_its_size_freezes_every_store_until_a_good_one_follows()
    {
        var suspect = Candidate("a1", day: 1) with { IsGood = false };

        var alone = Reason("local", [Shrunken], Candidate("a0", day: 0), suspect);
        var followed = Reason("local", [Shrunken], Candidate("a0", day: 0), suspect, Candidate("a2", day: 2));

        Assert.StartsWith("Nothing is pruned in the store 'local': a1 needs attention since 2026-11-20 13:00. uploads: 1 B, where", alone, StringComparison.Ordinal);
        Assert.Contains("backup-sidecar accept a1.", alone, StringComparison.Ordinal);
        Assert.Null(followed);
    }

    private static string? Reason(string store, IReadOnlyList<BackupMark> marks, params RetentionCandidate[] candidates) =>
        PruningFreeze.Reason(store, new BackupMarks(marks), new HashSet<string> { "a0", "a1", "a2" }, candidates, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

    private static RetentionCandidate Candidate(string archive, int day) => new(archive, archive + ".manifest.json", Now.AddDays(day), IsGood: true);
}
