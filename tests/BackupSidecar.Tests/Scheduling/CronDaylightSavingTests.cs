using BackupSidecar.Scheduling;

namespace BackupSidecar.Tests.Scheduling;

/// <summary>Runs around every change of the clocks, in every zone of this machine, from 2020 to 2040, against a walk minute by minute.</summary>
public sealed class CronDaylightSavingTests
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(2);

    private static readonly Lazy<IReadOnlyList<Change>> Changes = new(FindChanges);

    [Fact]
    public void The_zones_of_this_machine_change_their_clocks_often_enough_to_test_with()
    {
        Assert.True(Changes.Value.Count > 300, $"Only {Changes.Value.Count} changes were found. Is tzdata installed?");
        Assert.Contains(Changes.Value, change => change.After < change.Before);
        Assert.Contains(Changes.Value, change => change.After - change.Before == TimeSpan.FromMinutes(30));
    }

    [Fact]
    public void A_daily_job_within_the_changed_hour_runs_once_on_every_day()
    {
        foreach (var change in Changes.Value)
        {
            var local = change.LocalBefore.AddMinutes(change.After > change.Before ? 10 : -10);
            AssertRunsAsWalked(change, $"{local.Minute} {local.Hour} * * *", namesHours: true, time => time.Hour == local.Hour && time.Minute == local.Minute);
        }
    }

    [Theory]
    [InlineData("0 0 * * *", "0", "0")]
    [InlineData("30 2 * * *", "2", "30")]
    [InlineData("0 1,2,3 * * *", "1,2,3", "0")]
    public void A_job_with_hours_runs_once_for_each_of_them_on_every_day(string expression, string hours, string minutes) =>
        AssertAll(expression, namesHours: true, hours, minutes);

    [Theory]
    [InlineData("17 * * * *", "", "17")]
    [InlineData("*/15 * * * *", "", "0,15,30,45")]
    public void A_cadence_goes_on_through_every_change(string expression, string hours, string minutes) =>
        AssertAll(expression, namesHours: false, hours, minutes);

    [Theory]
    [InlineData("30 2 * * *", "2027-03-27", "2027-03-27 02:30 +01:00, 2027-03-28 03:00 +02:00, 2027-03-29 02:30 +02:00")]
    [InlineData("0,30 2 * * *", "2027-03-28", "2027-03-28 03:00 +02:00, 2027-03-29 02:00 +02:00, 2027-03-29 02:30 +02:00")]
    [InlineData("*/30 2 * * *", "2027-03-28", "2027-03-28 03:00 +02:00, 2027-03-29 02:00 +02:00, 2027-03-29 02:30 +02:00")]
    [InlineData("30 2 28 3 *", "2027-01-01", "2027-03-28 03:00 +02:00, 2028-03-28 02:30 +02:00, 2029-03-28 02:30 +02:00")]
    [InlineData("30 2 * * *", "2027-10-31", "2027-10-31 02:30 +02:00, 2027-11-01 02:30 +01:00, 2027-11-02 02:30 +01:00")]
    [InlineData("*/30 2 * * *", "2027-10-31", "2027-10-31 02:00 +02:00, 2027-10-31 02:30 +02:00, 2027-10-31 02:00 +01:00")]
    [InlineData("0 */2 * * *", "2027-10-31", "2027-10-31 00:00 +02:00, 2027-10-31 02:00 +02:00, 2027-10-31 02:00 +01:00")]
    public void In_Berlin_it_is_as_people_expect(string expression, string day, string expected)
    {
        var schedule = CronSchedule.Parse(expression, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        var runs = schedule.Upcoming(DateTimeOffset.Parse(day + "T00:00Z").AddHours(-3)).Take(3);

        Assert.Equal(expected, string.Join(", ", runs.Select(run => $"{run:yyyy-MM-dd HH:mm zzz}")));
    }

    [Fact]
    public void A_wait_that_begins_in_the_second_showing_of_an_hour_does_not_run_it_again()
    {
        var schedule = CronSchedule.Parse("30 2 * * *", TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        var next = schedule.Next(new DateTimeOffset(2027, 10, 31, 2, 10, 0, TimeSpan.FromHours(1)));

        Assert.Equal(new DateTimeOffset(2027, 11, 1, 2, 30, 0, TimeSpan.FromHours(1)), next);
    }

    private static void AssertAll(string expression, bool namesHours, string hours, string minutes)
    {
        var hourSet = hours.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToHashSet();
        var minuteSet = minutes.Split(',').Select(int.Parse).ToHashSet();
        foreach (var change in Changes.Value)
            AssertRunsAsWalked(change, expression, namesHours, time => minuteSet.Contains(time.Minute) && (hourSet.Count == 0 || hourSet.Contains(time.Hour)));
    }

    private static void AssertRunsAsWalked(Change change, string expression, bool namesHours, Func<DateTime, bool> isDue)
    {
        var end = change.At + Window;
        var schedule = CronSchedule.Parse(expression, change.Zone);

        var runs = schedule.Upcoming(change.At - Window).TakeWhile(run => run < end).Select(run => run.UtcDateTime).ToList();

        var expected = Walk(change, namesHours, isDue).ToList();
        if (!expected.SequenceEqual(runs))
            Assert.Fail($"'{expression}' in {change.Zone.Id} around {change.At:u}: expected {string.Join(", ", expected)}, but it runs at {string.Join(", ", runs)}.");
    }

    /// <summary>Looks at the local clock once a minute, as a person would.</summary>
    private static IEnumerable<DateTime> Walk(Change change, bool namesHours, Func<DateTime, bool> isDue)
    {
        var shown = new HashSet<DateTime>();
        for (var utc = change.At - Window + TimeSpan.FromMinutes(1); utc < change.At + Window; utc += TimeSpan.FromMinutes(1))
        {
            var local = change.Local(utc);
            var first = !isDue(local) || shown.Add(local);
            var due = isDue(local) && (first || !namesHours);
            if (utc == change.At && namesHours)
                due |= Minutes(change.LocalBefore, local).Any(isDue);
            if (due)
                yield return utc.UtcDateTime;
        }
    }

    private static IEnumerable<DateTime> Minutes(DateTime from, DateTime until)
    {
        for (var time = from; time < until; time += TimeSpan.FromMinutes(1))
            yield return time;
    }

    /// <summary>Zones that do the same at the same instant, with nothing else near it, are one case.</summary>
    private static List<Change> FindChanges() =>
        [.. TimeZoneInfo.GetSystemTimeZones().SelectMany(ChangesOf).DistinctBy(change => (change.At, change.Before, change.After))];

    private static IEnumerable<Change> ChangesOf(TimeZoneInfo zone)
    {
        var end = new DateTimeOffset(2041, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var before = zone.GetUtcOffset(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        for (var time = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero); time < end; time = time.AddDays(1))
        {
            if (zone.GetUtcOffset(time.AddDays(1)) == before)
                continue;
            var at = time;
            while (zone.GetUtcOffset(at) == before)
                at = at.AddMinutes(1);
            yield return new Change(zone, at, before, zone.GetUtcOffset(at));
            before = zone.GetUtcOffset(at);
        }
    }

    private sealed record Change(TimeZoneInfo Zone, DateTimeOffset At, TimeSpan Before, TimeSpan After)
    {
        public DateTime LocalBefore => At.DateTime + Before;

        public DateTime Local(DateTimeOffset utc) => utc.DateTime + (utc < At ? Before : After);
    }
}
