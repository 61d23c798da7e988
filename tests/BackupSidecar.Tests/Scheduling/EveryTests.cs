using BackupSidecar.Configuration;
using BackupSidecar.Scheduling;

namespace BackupSidecar.Tests.Scheduling;

public sealed class EveryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 8, 31, 7, TimeSpan.Zero);

    [Theory]
    [InlineData("@every 1h30m", 90)]
    [InlineData("@every 90m", 90)]
    [InlineData(" @EVERY  1.5h ", 90)]
    [InlineData("@every 1d", 24 * 60)]
    public void It_is_due_again_and_again_after_the_same_time(string text, int minutes)
    {
        var runs = CronSchedule.Parse(text, TimeZoneInfo.Utc).Upcoming(Start).Take(50).ToList();

        Assert.InRange(runs[0], Start, Start.AddMinutes(minutes));
        Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.Equal(TimeSpan.FromMinutes(minutes), pair.Second - pair.First));
    }

    [Fact]
    public void A_start_of_the_program_in_between_moves_nothing()
    {
        var schedule = CronSchedule.Parse("@every 7m", TimeZoneInfo.Utc);
        var due = schedule.Next(Start);

        Assert.Equal(due, schedule.Next(due - TimeSpan.FromSeconds(1)));
        Assert.Equal(due + TimeSpan.FromMinutes(7), schedule.Next(due));
    }

    [Fact]
    public void A_change_of_the_clock_moves_nothing()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var runs = CronSchedule.Parse("@every 1h", zone).Upcoming(new DateTimeOffset(2026, 10, 24, 22, 30, 0, TimeSpan.Zero)).Take(6).ToList();

        Assert.Equal(Enumerable.Range(23, 6).Select(hour => new DateTimeOffset(2026, 10, 24, 0, 0, 0, TimeSpan.Zero).AddHours(hour)), runs);
        Assert.Equal(TimeSpan.FromHours(1), runs[^1].Offset);
    }

    [Theory]
    [InlineData("@every")]
    [InlineData("@every 5")]
    [InlineData("@every -5m")]
    [InlineData("@every 10ms")]
    [InlineData("@every 5m 5m")]
    [InlineData("@every 40000d")]
    public void What_says_no_length_of_time_is_refused(string text) =>
        Assert.Contains("@every 6h", Assert.Throws<ConfigurationException>(() => CronSchedule.Parse(text, TimeZoneInfo.Utc)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_question_mark_stands_for_any_day() =>
        Assert.Equal(
            CronSchedule.Parse("0 3 * * MON", TimeZoneInfo.Utc).Next(Start), CronSchedule.Parse("0 0 3 ? * MON", TimeZoneInfo.Utc).Next(Start));
}
