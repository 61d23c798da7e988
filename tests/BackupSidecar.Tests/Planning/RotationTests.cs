using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Planning;

public sealed class RotationTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 5, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Fact]
    public void Where_nothing_is_stored_nothing_is_read() => Assert.Empty(Rotation.Choose([], Now, Week));

    [Fact]
    public void Those_that_were_not_read_for_longest_come_first_and_a_third_of_the_bytes_is_enough_for_a_week()
    {
        var copies = Enumerable.Range(7, 9).Select(day => Copy($"a{day:00}", daysAgo: day)).Reverse();

        var chosen = Rotation.Choose(copies, Now, Week);

        Assert.Equal(["a15", "a14", "a13"], chosen.Select(copy => copy.Archive));
    }

    [Fact]
    public void What_the_next_verification_can_read_as_well_is_not_read_twice_in_a_week() =>
        Assert.Empty(Rotation.Choose([Copy("a", daysAgo: 0), Copy("b", daysAgo: 6)], Now, Week));

    [Theory]
    [InlineData(16, false)]
    [InlineData(17, true)]
    public void What_would_be_too_old_if_the_next_verification_were_missed_is_read_now(int daysAgo, bool isRead)
    {
        // Older ones that make up the share, so that only the age decides of the last.
        var copies = Enumerable.Range(0, 9).Select(index => Copy($"old{index}", daysAgo: 29)).Append(Copy("a", daysAgo));

        Assert.Equal(isRead, Rotation.Choose(copies, Now, Week).Any(copy => copy.Archive == "a"));
    }

    [Fact]
    public void A_monthly_verification_reads_everything() =>
        Assert.Equal(2, Rotation.Choose([Copy("a", daysAgo: 1), Copy("b", daysAgo: 30)], Now, TimeSpan.FromDays(31)).Count);

    [Fact]
    public void Large_copies_count_for_what_they_are()
    {
        var chosen = Rotation.Choose([Copy("large", daysAgo: 14) with { Bytes = 1_000_000 }, Copy("b", daysAgo: 13), Copy("c", daysAgo: 12)], Now, Week);

        Assert.Equal("large", Assert.Single(chosen).Archive);
    }

    /// <summary>A year of daily backups in two stores, of which those of the last 40 days and one a month are kept.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 0)]
    [InlineData(1, 3)]
    [InlineData(7, 3)]
    [InlineData(5, 2)]
    [InlineData(14, 0)]
    public void Every_copy_is_read_within_31_days_also_if_every_nth_verification_is_missed(int intervalDays, int missEvery)
    {
        var random = new Random(20261122);
        var read = new Dictionary<(string Archive, string Store), (DateTimeOffset At, long Bytes)>();
        var oldest = TimeSpan.Zero;
        var most = 0.0;
        for (var day = 0; day < 365; day++)
        {
            var now = Now.AddDays(day);
            foreach (var store in (string[])["local", "s3"])
                read[($"{day:000}", store)] = (now.AddHours(-2), random.Next(1, 1000));
            foreach (var gone in read.Keys.Where(copy => day - int.Parse(copy.Archive) > 40 && int.Parse(copy.Archive) % 30 != 0).ToList())
                read.Remove(gone);
            oldest = new[] { oldest, read.Values.Max(copy => now - copy.At) }.Max();
            var number = day / intervalDays;
            if (day % intervalDays != 0 || (missEvery > 0 && number % missEvery == 1))
                continue;

            var chosen = Rotation.Choose(read.Select(copy => new RotationCopy(copy.Key.Archive, copy.Key.Store, copy.Value.Bytes, copy.Value.At)), now, TimeSpan.FromDays(intervalDays));

            most = Math.Max(most, day < 60 ? 0 : chosen.Sum(copy => copy.Bytes) / (double)read.Values.Sum(copy => copy.Bytes));
            foreach (var copy in chosen)
                read[(copy.Archive, copy.Store)] = (now, copy.Bytes);
        }

        Assert.InRange(oldest, TimeSpan.FromDays(intervalDays), TimeSpan.FromDays(31));
        Assert.InRange(most, 0.0, intervalDays == 14 ? 1.0 : 0.75);
    }

    private static RotationCopy Copy(string archive, double daysAgo) => new(archive, "local", 100, Now.AddDays(-daysAgo));
}
