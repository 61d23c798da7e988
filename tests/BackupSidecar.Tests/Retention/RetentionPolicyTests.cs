using BackupSidecar.Configuration;
using BackupSidecar.Retention;

namespace BackupSidecar.Tests.Retention;

public sealed class RetentionPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Backups_older_than_the_days_go_and_the_others_stay()
    {
        var plan = Decide(new RetentionSettings { Days = 30, Minimum = 1 }, Daily(40));

        Assert.Equal(31, Kept(plan).Count);
        Assert.All(plan.Removals, candidate => Assert.True(Now - candidate.StartedAt >= TimeSpan.FromDays(31)));
        Assert.Equal("older than 30 days and kept by no rule", plan.Decisions[^1].Reason);
        Assert.Equal("not older than 30 days", plan.Decisions[1].Reason);
    }

    [Fact]
    public void Every_tier_keeps_the_newest_of_its_periods_and_says_so()
    {
        var settings = new RetentionSettings { Recent = 2, Daily = 3, Weekly = 2, Monthly = 2, Yearly = 1, Minimum = 1 };

        var plan = Decide(settings, Daily(500));

        Assert.Equal(
            """
            2026-11-20: the newest good backup, one of the 2 most recent, newest of 2026-11-20, newest of week 2026-W47, newest of month 2026-11, newest of year 2026
            2026-11-19: one of the 2 most recent, newest of 2026-11-19
            2026-11-18: newest of 2026-11-18
            2026-11-17: newest of 2026-11-17
            2026-11-15: newest of week 2026-W46
            2026-11-08: newest of week 2026-W45
            2026-10-31: newest of month 2026-10
            2026-09-30: newest of month 2026-09
            2026-08-31: newest of month 2026-08
            2025-12-31: newest of year 2025
            """,
            Show(plan));
    }

    [Fact]
    public void The_defaults_of_grandfather_father_son_keep_what_they_always_kept()
    {
        var plan = Decide(new RetentionSettings { Recent = 14, Daily = 7, Weekly = 4 }, Daily(60));

        Assert.Equal(
            ["2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17", "2026-11-16", "2026-11-15", "2026-11-14", "2026-11-13", "2026-11-12",
                "2026-11-11", "2026-11-10", "2026-11-09", "2026-11-08", "2026-11-07", "2026-11-01", "2026-10-25"],
            Kept(plan).Select(candidate => $"{candidate.StartedAt:yyyy-MM-dd}"));
    }

    [Theory]
    [InlineData("Daily")]
    [InlineData("Weekly")]
    [InlineData("Monthly")]
    [InlineData("Yearly")]
    [InlineData("Days")]
    [InlineData("Recent")]
    public void A_rule_of_0_keeps_nothing(string rule)
    {
        var settings = new RetentionSettings { Days = 1, Recent = 1, Daily = 1, Weekly = 1, Monthly = 1, Yearly = 1, Minimum = 1 };
        settings = rule switch
        {
            "Daily" => settings with { Daily = 0 },
            "Weekly" => settings with { Weekly = 0 },
            "Monthly" => settings with { Monthly = 0 },
            "Yearly" => settings with { Yearly = 0 },
            "Days" => settings with { Days = 0 },
            _ => settings with { Recent = 0 },
        };
        var word = rule switch
        {
            "Daily" => "newest of 2026",
            "Weekly" => "week",
            "Monthly" => "month",
            "Yearly" => "year",
            "Days" => "not older",
            _ => "most recent",
        };

        var plan = Decide(settings, Daily(800));

        Assert.DoesNotContain(plan.Decisions, decision => decision.Keep && decision.Reason.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void The_last_days_of_December_belong_to_the_first_week_of_the_next_year()
    {
        var candidates = new[] { Good("2024-12-30T03:00Z"), Good("2025-01-05T03:00Z"), Good("2024-01-01T03:00Z") };

        var plan = Decide(new RetentionSettings { Weekly = 200, Minimum = 1 }, candidates, DateTimeOffset.Parse("2025-01-06T00:00Z"));

        Assert.Equal(["2025-01-05", "2024-01-01"], Kept(plan).Select(candidate => $"{candidate.StartedAt:yyyy-MM-dd}"));
        Assert.Contains("newest of week 2025-W01", plan.Decisions[0].Reason, StringComparison.Ordinal);
        Assert.Contains("newest of week 2024-W01", plan.Decisions[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Days_are_those_of_the_time_zone()
    {
        var candidates = new[] { Good("2026-11-18T16:00Z"), Good("2026-11-18T14:00Z") };
        var settings = new RetentionSettings { Daily = 7, Minimum = 1 };

        var inUtc = Decide(settings, candidates);
        var inTokyo = new RetentionPolicy(settings, TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo")).Decide(candidates, Now);

        Assert.Single(Kept(inUtc));
        Assert.Equal(2, Kept(inTokyo).Count);
    }

    [Fact]
    public void The_newest_good_backups_stay_however_old_they_are()
    {
        var plan = Decide(new RetentionSettings { Days = 7, Minimum = 3 }, [.. Daily(10).Select(candidate => candidate with { StartedAt = candidate.StartedAt.AddYears(-1) })]);

        Assert.Equal(3, Kept(plan).Count);
        Assert.All(plan.Decisions.Take(3), decision => Assert.Equal("one of the newest 3 good backups", decision.Reason));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_minimum_below_one_still_leaves_one(int minimum)
    {
        var plan = Decide(new RetentionSettings { Days = 1, Minimum = minimum }, [Good("2020-01-01T00:00Z"), Good("2020-01-02T00:00Z")]);

        Assert.Equal("the newest good backup", Assert.Single(plan.Decisions, decision => decision.Keep).Reason);
    }

    [Fact]
    public void Incomplete_backups_do_not_push_out_good_ones()
    {
        var candidates = new List<RetentionCandidate> { Good("2026-10-01T03:00Z"), Good("2026-10-02T03:00Z"), Good("2026-10-03T03:00Z") };
        candidates.AddRange(Enumerable.Range(1, 100).Select(hour => Incomplete(Now.AddHours(-hour))));

        var plan = Decide(new RetentionSettings { Recent = 3, Minimum = 3 }, candidates);

        Assert.Equal(3, Kept(plan).Count(candidate => candidate.IsGood));
    }

    [Fact]
    public void An_incomplete_backup_stays_until_a_good_one_is_newer()
    {
        var settings = new RetentionSettings { Recent = 5, Minimum = 1 };
        var incomplete = Incomplete(Now.AddDays(-2));

        var before = Decide(settings, [incomplete, Good("2026-11-01T00:00Z")]);
        var after = Decide(settings, [incomplete, Good("2026-11-19T00:00Z")]);

        Assert.Equal("incomplete, but newer than every good backup", before.Decisions[0].Reason);
        Assert.Equal("incomplete, and a newer good backup exists; kept by no rule", after.Decisions[1].Reason);
        Assert.Same(incomplete, Assert.Single(after.Removals));
    }

    [Fact]
    public void An_incomplete_backup_stays_as_long_as_the_days_say()
    {
        var plan = Decide(new RetentionSettings { Days = 3, Minimum = 1 }, [Incomplete(Now.AddDays(-2)), Incomplete(Now.AddDays(-5)), Good("2026-11-20T03:00Z")]);

        Assert.Equal(Now.AddDays(-5), Assert.Single(plan.Removals).StartedAt);
    }

    [Fact]
    public void What_was_found_bad_fills_no_tier_and_no_floor()
    {
        var candidates = Daily(10);
        for (var newest = 0; newest < 3; newest++)
            candidates[newest] = candidates[newest] with { IsGood = false, Flaw = "found bad" };

        var plan = Decide(new RetentionSettings { Daily = 3, Recent = 1, Minimum = 2 }, candidates);

        Assert.Equal(
            """
            2026-11-20: found bad, but newer than every good backup
            2026-11-19: found bad, but newer than every good backup
            2026-11-18: found bad, but newer than every good backup
            2026-11-17: one of the newest 2 good backups, one of the 1 most recent, newest of 2026-11-17
            2026-11-16: one of the newest 2 good backups
            """,
            Show(plan));
    }

    [Fact]
    public void The_newest_verified_backup_stays_however_old_it_is()
    {
        var candidates = Daily(10);
        candidates[6] = candidates[6] with { IsVerified = true };
        candidates[8] = candidates[8] with { IsVerified = true };

        var plan = Decide(new RetentionSettings { Days = 1, Minimum = 1 }, candidates);

        Assert.Equal([0, 1, 6], Kept(plan).Select(candidate => candidates.IndexOf(candidate)));
        Assert.Equal("the newest verified backup", plan.Decisions[6].Reason);
    }

    [Fact]
    public void What_was_verified_and_is_not_good_any_more_is_not_the_newest_verified_one()
    {
        var candidates = Daily(10);
        candidates[6] = candidates[6] with { IsVerified = true, IsGood = false };

        Assert.DoesNotContain(candidates[6], Kept(Decide(new RetentionSettings { Days = 1, Minimum = 1 }, candidates)));
    }

    [Fact]
    public void While_pruning_is_frozen_everything_stays_and_the_plan_says_why()
    {
        var plan = new RetentionPolicy(new RetentionSettings { Days = 1 }, TimeZoneInfo.Utc).Decide(Daily(100), Now, "a7 is bad");

        AssertAllKept(plan, "pruning is frozen here");
        Assert.Equal("a7 is bad", plan.FrozenBecause);
    }

    [Fact]
    public void Where_every_rule_is_off_there_is_nothing_to_freeze() =>
        Assert.Null(new RetentionPolicy(new RetentionSettings(), TimeZoneInfo.Utc).Decide(Daily(3), Now, "a7 is bad").FrozenBecause);

    [Fact]
    public void Without_any_rule_everything_stays() =>
        AssertAllKept(Decide(new RetentionSettings(), Daily(100)), "every retention rule is off");

    [Fact]
    public void Without_a_good_backup_everything_stays() =>
        AssertAllKept(Decide(new RetentionSettings { Days = 1 }, [.. Daily(100).Select(candidate => candidate with { IsGood = false })]), "there is no good backup");

    [Theory]
    [InlineData("1970-01-01T00:00Z", "the clock shows 1970-01-01 00:00:00Z, which cannot be right")]
    [InlineData("2026-11-20T02:59Z", "the clock shows 2026-11-20 02:59:00Z, which is before the newest backup")]
    [InlineData("2025-01-01T00:00Z", "the clock shows 2025-01-01 00:00:00Z, which is before the newest backup")]
    public void With_a_clock_that_cannot_be_right_everything_stays(string now, string reason) =>
        AssertAllKept(Decide(new RetentionSettings { Days = 1 }, Daily(100), DateTimeOffset.Parse(now)), reason);

    [Theory]
    [InlineData(10, false)]
    [InlineData(9, true)]
    [InlineData(0, true)]
    public void More_removals_than_the_cap_are_told(int cap, bool exceeds) =>
        Assert.Equal(exceeds, Decide(new RetentionSettings { Recent = 5, Minimum = 1, MaximumDeletions = cap }, Daily(15)).ExceedsCap);

    [Fact]
    public void The_largest_numbers_keep_everything()
    {
        var settings = new RetentionSettings { Days = int.MaxValue, Daily = int.MaxValue, Weekly = int.MaxValue, Monthly = int.MaxValue, Yearly = int.MaxValue, Minimum = int.MaxValue };

        Assert.Empty(Decide(settings, Daily(50)).Removals);
    }

    [Fact]
    public void An_empty_store_is_no_problem() => Assert.Empty(Decide(new RetentionSettings { Days = 1 }, []).Decisions);

    /// <summary>A year and a half, day by day: what is there after each day's backup and each day's retention.</summary>
    [Fact]
    public void Day_by_day_the_tiers_fill_up_and_stay_full()
    {
        var policy = new RetentionPolicy(new RetentionSettings { Daily = 7, Weekly = 4, Monthly = 6, Yearly = 2, Minimum = 3 }, TimeZoneInfo.Utc);
        var start = new DateTimeOffset(2025, 5, 20, 3, 0, 0, TimeSpan.Zero);
        var stored = new List<RetentionCandidate>();

        for (var day = 0; day < 550; day++)
        {
            stored.Add(Good(start.AddDays(day)));
            var plan = policy.Decide(stored, start.AddDays(day).AddMinutes(10));
            Assert.False(plan.ExceedsCap);
            stored = Kept(plan);
        }

        Assert.Equal(
            ["2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17", "2026-11-16", "2026-11-15", "2026-11-14", "2026-11-13", "2026-11-08", "2026-11-01",
                "2026-10-31", "2026-10-25", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30", "2026-05-31", "2026-04-30", "2025-12-31"],
            stored.Select(candidate => $"{candidate.StartedAt:yyyy-MM-dd}"));
    }

    private static RetentionPlan Decide(RetentionSettings settings, IEnumerable<RetentionCandidate> candidates, DateTimeOffset? now = null) =>
        new RetentionPolicy(settings, TimeZoneInfo.Utc).Decide(candidates, now ?? Now);

    private static List<RetentionCandidate> Kept(RetentionPlan plan) => [.. plan.Decisions.Where(decision => decision.Keep).Select(decision => decision.Candidate)];

    private static string Show(RetentionPlan plan) =>
        string.Join('\n', plan.Decisions.Where(decision => decision.Keep).Select(decision => $"{decision.Candidate.StartedAt:yyyy-MM-dd}: {decision.Reason}"));

    private static void AssertAllKept(RetentionPlan plan, string reason) =>
        Assert.All(plan.Decisions, decision => Assert.Equal((true, reason), (decision.Keep, decision.Reason)));

    /// <summary>One good backup at 03:00 of each of the last days, today's first.</summary>
    private static List<RetentionCandidate> Daily(int count) =>
        [.. Enumerable.Range(0, count).Select(day => Good(new DateTimeOffset(2026, 11, 20, 3, 0, 0, TimeSpan.Zero).AddDays(-day)))];

    private static RetentionCandidate Good(string startedAt) => Good(DateTimeOffset.Parse(startedAt));

    private static RetentionCandidate Good(DateTimeOffset startedAt)
    {
        var archive = $"app-{startedAt:yyyy-MM-dd-HHmmss}.tar.gz.gpg";
        return new RetentionCandidate(archive, archive + ".manifest.json", startedAt, IsGood: true);
    }

    private static RetentionCandidate Incomplete(DateTimeOffset startedAt) => Good(startedAt) with { IsGood = false };
}
