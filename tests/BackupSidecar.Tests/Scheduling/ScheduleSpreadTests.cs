using BackupSidecar.Scheduling;

namespace BackupSidecar.Tests.Scheduling;

public sealed class ScheduleSpreadTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    [Fact]
    public void Fifty_sidecars_are_spread_over_the_window_and_each_keeps_its_time()
    {
        string[][] fleets =
        [
            [.. Enumerable.Range(1, 50).Select(number => $"stack-{number}")],
            [.. Enumerable.Range(1, 50).Select(number => $"customer{number:D2}.example.com")],
            [.. Enumerable.Range(0, 50).Select(number => $"{(char)('a' + (number % 26))}{(char)('a' + (number / 26))}")],
        ];
        foreach (var names in fleets)
        {
            var offsets = names.Select(name => ScheduleSpread.Of(name, Window)).ToList();

            Assert.All(offsets, offset => Assert.InRange(offset, TimeSpan.Zero, Window - TimeSpan.FromSeconds(1)));
            Assert.True(offsets.Max() - offsets.Min() >= 0.8 * Window, $"{offsets.Min()} to {offsets.Max()}");
            // A half of the window that is nearly empty would be no spread either.
            Assert.InRange(offsets.Count(offset => offset < Window / 2), 15, 35);
            Assert.Equal(offsets, names.Select(name => ScheduleSpread.Of(name, Window)));
        }
    }

    /// <summary>A sidecar must not run twice, or not at all, in the night after an update.</summary>
    [Theory]
    [InlineData("shop", "00:02:19")]
    [InlineData("blog", "00:07:31")]
    public void The_offset_of_a_name_never_changes(string name, string offset) =>
        Assert.Equal(TimeSpan.Parse(offset), ScheduleSpread.Of(name, Window));

    [Fact]
    public void Without_a_window_nothing_is_later() => Assert.Equal(TimeSpan.Zero, ScheduleSpread.Of("shop", TimeSpan.Zero));

    [Fact]
    public void Every_run_is_later_by_the_same_time_across_a_change_of_the_clock()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var named = CronSchedule.Parse("50 1 * * *", berlin);
        var start = new DateTimeOffset(2026, 10, 23, 0, 0, 0, TimeSpan.Zero);

        var later = named.LaterBy(TimeSpan.FromMinutes(90)).Upcoming(start).Take(4).ToList();

        Assert.Equal(named.Upcoming(start.AddMinutes(-90)).Take(4).Select(run => run + TimeSpan.FromMinutes(90)), later);
        Assert.Equal(
            ["2026-10-23 03:20 +02:00", "2026-10-24 03:20 +02:00", "2026-10-25 02:20 +01:00", "2026-10-26 03:20 +01:00"],
            later.Select(run => run.ToString("yyyy-MM-dd HH:mm zzz")));
    }

    [Fact]
    public void What_is_due_is_due_once_also_where_the_window_is_longer_than_the_interval()
    {
        var hourly = CronSchedule.Parse("0 * * * *", TimeZoneInfo.Utc).LaterBy(TimeSpan.FromMinutes(100));
        var start = new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(Enumerable.Range(0, 24).Select(hour => start.AddMinutes(40).AddHours(hour)), hourly.Upcoming(start).Take(24));
        Assert.Equal(start.AddMinutes(100), hourly.Next(start.AddMinutes(40)));
    }

    [Fact]
    public void The_description_shows_the_real_times_and_why()
    {
        var schedule = CronSchedule.Parse("0 2 * * *", TimeZoneInfo.Utc).LaterBy(new TimeSpan(0, 17, 3));

        Assert.Equal(
            "0 2 * * * in UTC, 17m3s later (BACKUP_SCHEDULE_SPREAD); next runs: Fri 2026-11-20 02:17:03 +00:00, Sat 2026-11-21 02:17:03 +00:00, Sun 2026-11-22 02:17:03 +00:00",
            schedule.Describe(new DateTimeOffset(2026, 11, 20, 2, 0, 0, TimeSpan.Zero)));
    }

    /// <summary>The state directory remembers the text of a schedule, to know since when it has been in force.</summary>
    [Fact]
    public void A_schedule_that_is_later_is_another_schedule()
    {
        var schedule = CronSchedule.Parse("0 2 * * *", TimeZoneInfo.Utc);

        Assert.Equal("0 2 * * *", schedule.LaterBy(TimeSpan.Zero).ToString());
        Assert.NotEqual(schedule.ToString(), schedule.LaterBy(TimeSpan.FromSeconds(1)).ToString());
    }
}
