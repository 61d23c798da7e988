using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class UsualBackupTests
{
    private const long Usual = 1_000_000;

    private static readonly AnomalySettings Settings = new();

    [Theory]
    [InlineData(1_000_000, null)]
    [InlineData(5_000_000, null)]
    [InlineData(500_001, null)]
    [InlineData(500_000, AnomalyGravity.Warning)]
    [InlineData(100_001, AnomalyGravity.Warning)]
    [InlineData(100_000, AnomalyGravity.Attention)]
    [InlineData(1, AnomalyGravity.Attention)]
    [InlineData(0, AnomalyGravity.Empty)]
    public void The_limits_are_where_they_are_said_to_be(long bytes, object? expected) =>
        Assert.Equal((AnomalyGravity?)expected, GravityOf(Compare(Source(bytes), Usual, Usual, Usual)));

    [Theory]
    [InlineData(200_000, 70, 80, AnomalyGravity.Attention)]
    [InlineData(300_000, 70, 80, AnomalyGravity.Warning)]
    [InlineData(300_001, 70, 80, null)]
    [InlineData(0, null, 90, AnomalyGravity.Empty)]
    [InlineData(200_000, null, 90, null)]
    [InlineData(0, 50, null, AnomalyGravity.Warning)]
    [InlineData(0, null, null, null)]
    public void The_limits_can_be_set_and_switched_off(long bytes, int? warn, int? freeze, object? expected)
    {
        var usual = UsualBackup.Of(Backups(Usual, Usual, Usual), BackupMarks.None);

        Assert.Equal((AnomalyGravity?)expected, GravityOf(usual.Compare([Source(bytes)], new AnomalySettings { Warn = warn, Freeze = freeze })));
    }

    [Theory]
    [InlineData(100, 10, AnomalyGravity.Attention)]
    [InlineData(100, 0, AnomalyGravity.Empty)]
    [InlineData(100, 50, AnomalyGravity.Warning)]
    [InlineData(19, 1, null)]
    [InlineData(19, 0, AnomalyGravity.Empty)]
    [InlineData(0, 0, null)]
    public void Rows_count_as_well_where_there_were_many(long before, long now, object? expected)
    {
        var samples = Backups(Usual, Usual, Usual).Select(report => report with { Sources = [Source(Usual) with { Records = before }] });

        var found = UsualBackup.Of(samples, BackupMarks.None).Compare([Source(Usual) with { Records = now }], Settings);

        Assert.Equal((AnomalyGravity?)expected, GravityOf(found));
    }

    [Fact]
    public void Rows_that_nobody_counted_say_nothing()
    {
        var samples = Backups(Usual, Usual, Usual).Select(report => report with { Sources = [Source(Usual) with { Records = 1_000 }] });

        Assert.Empty(UsualBackup.Of(samples, BackupMarks.None).Compare([Source(Usual)], Settings));
    }

    [Fact]
    public void The_sentence_names_the_source_and_what_it_lost_most_of()
    {
        var samples = Backups(3 << 20, 3 << 20, 3 << 20).Select(report => report with { Sources = [Source(3 << 20) with { Entries = 400 }] });

        var found = UsualBackup.Of(samples, BackupMarks.None).Compare([Source(1 << 20) with { Entries = 1 }], Settings).First();

        Assert.Equal("uploads: 1 entries, where the last good backups had 400 entries (99 % less).", found.Sentence);
    }

    [Fact]
    public void Little_things_may_change()
    {
        Assert.Null(GravityOf(Compare(Source(100), 60_000, 60_000, 60_000)));
        Assert.Equal(AnomalyGravity.Empty, GravityOf(Compare(Source(0), 18, 18, 18)));
    }

    [Fact]
    public void Fewer_than_three_backups_say_nothing() => Assert.Empty(Compare(Source(0), Usual, Usual));

    [Fact]
    public void One_that_was_much_larger_moves_nothing_and_only_the_last_seven_count()
    {
        Assert.Empty(Compare(Source(90_000), 100_000_000, 100_000, 100_000));
        Assert.Empty(Compare(Source(70_000), [.. Enumerable.Repeat(70_000L, 4), .. Enumerable.Repeat(Usual, 30)]));
    }

    [Fact]
    public void Only_backups_that_succeeded_are_the_measure()
    {
        var partial = Backups(10, 10, 10, 10, 10).Select(report => report with { Outcome = RunOutcome.Partial });
        var verified = Backups(10, 10, 10).Select(report => report with { Kind = RunKind.Verify });

        var found = UsualBackup.Of([.. partial, .. verified, .. Backups(Usual, Usual, Usual)], BackupMarks.None).Compare([Source(10)], Settings);

        Assert.Equal(AnomalyGravity.Attention, GravityOf(found));
    }

    [Fact]
    public void With_what_a_person_has_accepted_the_measure_begins_anew()
    {
        var history = Backups(10, 10, 10, Usual, Usual, Usual, Usual).ToList();
        history[2] = history[2] with { Outcome = RunOutcome.Partial };
        var mark = new BackupMark(history[2].Archive!, Store: null, Sample.Start, "it shrank");

        var open = UsualBackup.Of(history.Skip(2), new BackupMarks([mark])).Compare([Source(10)], Settings);
        var accepted = UsualBackup.Of(history.Skip(2), new BackupMarks([mark with { AcceptedAt = Sample.Start }])).Compare([Source(10)], Settings);
        var later = UsualBackup.Of(history, new BackupMarks([mark with { AcceptedAt = Sample.Start }])).Compare([Source(0)], Settings);

        Assert.Equal(AnomalyGravity.Attention, GravityOf(open));
        Assert.Empty(accepted);
        Assert.Equal(AnomalyGravity.Empty, GravityOf(later));
    }

    [Fact]
    public void Of_what_did_not_lose_anything_the_measure_stays_when_another_source_is_accepted()
    {
        var history = Backups(Usual, Usual, Usual, Usual).Select(report => report with { Sources = [Source(Usual), Source(Usual) with { EntryName = "posts" }] }).ToList();
        history[1] = history[1] with
        {
            Outcome = RunOutcome.Partial,
            Sources = [Source(Usual), Source(0) with { EntryName = "posts", Problem = "it is empty" }],
            Attention = ["posts: 0 B, where the last good backups had 976.6 KiB (100 % less)."],
        };
        var accepted = new BackupMarks([new BackupMark(history[1].Archive!, Store: null, Sample.Start, "posts") { AcceptedAt = Sample.Start }]);

        SourceReport[] taken = [Source(10), Source(10) with { EntryName = "posts" }];
        var found = Assert.Single(UsualBackup.Of(history, accepted).Compare(taken, Settings));

        Assert.Equal(("uploads", AnomalyGravity.Attention), (found.Entry, found.Gravity));
    }

    [Fact]
    public void A_source_that_has_a_problem_is_passed_over_and_so_is_the_total() =>
        Assert.Empty(Compare(Source(0) with { Problem = "it is not there" }, Usual, Usual, Usual));

    [Fact]
    public void A_large_source_that_is_gone_shows_in_the_total()
    {
        var samples = Backups(Usual, Usual, Usual).Select(report => report with { Sources = [Source(Usual), Source(Usual * 20) with { EntryName = "gone" }] });

        SourceReport[] taken = [Source(Usual), Source(0) with { EntryName = "new" }];
        var found = Assert.Single(UsualBackup.Of(samples, BackupMarks.None).Compare(taken, Settings));

        Assert.Equal((null, AnomalyGravity.Attention), (found.Entry, found.Gravity));
        Assert.StartsWith("All sources together: 976.6 KiB, where", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, 179, false)]
    [InlineData(60, 180, true)]
    [InlineData(1, 60, false)]
    [InlineData(1, 61, true)]
    public void A_run_that_takes_three_times_as_long_and_a_minute_more_is_told(int usualSeconds, int seconds, bool isTold)
    {
        var samples = Backups(Usual, Usual, Usual).Select(report => report with { FinishedAt = report.StartedAt.AddSeconds(usualSeconds) });

        Assert.Equal(isTold, UsualBackup.Of(samples, BackupMarks.None).CompareTime(TimeSpan.FromSeconds(seconds)) is not null);
    }

    private static IEnumerable<Anomaly> Compare(SourceReport taken, params long[] newestFirst) =>
        UsualBackup.Of(Backups(newestFirst), BackupMarks.None).Compare([taken], Settings);

    /// <summary>That of the source; the total says the same where there is one source.</summary>
    private static AnomalyGravity? GravityOf(IEnumerable<Anomaly> found) => found.FirstOrDefault()?.Gravity;

    private static SourceReport Source(long bytes) => new("directory", "uploads", bytes, 1, Problem: null);

    private static IEnumerable<RunReport> Backups(params long[] newestFirst) => newestFirst.Select((bytes, index) => Sample.Succeeded with
    {
        RunId = Guid.NewGuid(),
        Archive = $"app-{index}.tar.gz",
        Sources = [Source(bytes)],
    });
}
