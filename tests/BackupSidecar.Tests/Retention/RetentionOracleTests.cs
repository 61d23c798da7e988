using BackupSidecar.Configuration;
using BackupSidecar.Retention;

namespace BackupSidecar.Tests.Retention;

/// <summary>Random histories, decided by the policy and, backup by backup, by a second reading of the rules that shares nothing with it.</summary>
public sealed class RetentionOracleTests
{
    private const int Histories = 100_000;

    private static readonly TimeZoneInfo[] Zones =
        [.. new[] { "UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns" }.Select(TimeZoneInfo.FindSystemTimeZoneById)];

    [Fact]
    public void The_policy_decides_as_its_rules_say_in_every_history()
    {
        var random = new Random(20261120);
        var removed = 0;

        for (var i = 0; i < Histories; i++)
        {
            var settings = Settings(random);
            var zone = Zones[random.Next(Zones.Length)];
            var (history, now) = History(random);

            var plan = new RetentionPolicy(settings, zone).Decide(history, now);

            Assert.Equal(history.Count, plan.Decisions.Count);
            foreach (var decision in plan.Decisions)
            {
                if (decision.Keep != ShouldStay(decision.Candidate, history, settings, zone, now))
                    Assert.Fail($"History {i}: {decision} at {now:u} under {settings}.");
                Assert.NotEmpty(decision.Reason);
                removed += decision.Keep ? 0 : 1;
            }

            AssertFloorHolds(plan, settings);
        }

        Assert.True(removed > Histories, "The histories are too tame: hardly anything was removed.");
    }

    private static bool ShouldStay(RetentionCandidate it, List<RetentionCandidate> all, RetentionSettings settings, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (now < new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero) || all.Exists(other => other.StartedAt > now) || !all.Exists(other => other.IsGood))
            return true;
        if (settings is { Days: 0, Recent: 0, Daily: 0, Weekly: 0, Monthly: 0, Yearly: 0 })
            return true;

        var days = Math.Floor((now - it.StartedAt) / TimeSpan.FromDays(1));
        if (settings.Days > 0 && days < settings.Days + 1)
            return true;

        var newerGood = all.FindAll(other => other.IsGood && IsNewer(other, it));
        if (!it.IsGood)
            return newerGood.Count == 0;
        if (newerGood.Count < Math.Max(settings.Minimum, settings.Recent))
            return true;
        if (it.IsVerified && !newerGood.Exists(other => other.IsVerified))
            return true;

        var local = LocalDate(it, zone);
        bool IsNewestWhere(Func<DateOnly, bool> samePeriod) => !newerGood.Exists(other => samePeriod(LocalDate(other, zone)));
        return (settings.Daily > 0 && days < settings.Daily + 1 && IsNewestWhere(date => date == local))
            || (settings.Weekly > 0 && days < (settings.Weekly * 7) + 1 && IsNewestWhere(date => Monday(date) == Monday(local)))
            || (settings.Monthly > 0 && days < (settings.Monthly + 1) * 30 && IsNewestWhere(date => date.Month == local.Month && date.Year == local.Year))
            || (settings.Yearly > 0 && days < (settings.Yearly + 1) * 365 && IsNewestWhere(date => date.Year == local.Year));
    }

    private static void AssertFloorHolds(RetentionPlan plan, RetentionSettings settings)
    {
        var good = plan.Decisions.Where(decision => decision.Candidate.IsGood).OrderByDescending(decision => decision.Candidate.StartedAt).ToList();
        Assert.True(good.Take(settings.Minimum).All(decision => decision.Keep));
        Assert.True(good.Where(decision => decision.Candidate.IsVerified).Take(1).All(decision => decision.Keep));
    }

    private static bool IsNewer(RetentionCandidate one, RetentionCandidate other) =>
        one.StartedAt > other.StartedAt || (one.StartedAt == other.StartedAt && string.CompareOrdinal(one.Archive, other.Archive) > 0);

    private static DateOnly LocalDate(RetentionCandidate candidate, TimeZoneInfo zone) =>
        DateOnly.FromDateTime((candidate.StartedAt + zone.GetUtcOffset(candidate.StartedAt)).DateTime);

    private static DateOnly Monday(DateOnly date) => date.AddDays(-(((int)date.DayOfWeek + 6) % 7));

    private static RetentionSettings Settings(Random random)
    {
        int Maybe(int limit) => random.Next(2) == 0 ? 0 : random.Next(limit);
        return new RetentionSettings
        {
            Days = Maybe(40),
            Recent = Maybe(6),
            Daily = Maybe(12),
            Weekly = Maybe(8),
            Monthly = Maybe(14),
            Yearly = Maybe(4),
            Minimum = random.Next(1, 5),
        };
    }

    /// <summary>From bursts within an hour to years apart; some incomplete, some at the same second; the clock is sometimes wrong.</summary>
    private static (List<RetentionCandidate> History, DateTimeOffset Now) History(Random random)
    {
        var time = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(100_000_000));
        var typicalGap = TimeSpan.FromHours(new[] { 0.5, 6, 24, 24 * 6, 24 * 50 }[random.Next(5)]);
        var goodShare = random.NextDouble();
        var history = new List<RetentionCandidate>();
        for (var i = random.Next(25); i > 0; i--)
        {
            var archive = $"app-{i}";
            history.Add(new RetentionCandidate(archive, archive + ".json", time, random.NextDouble() < goodShare) { IsVerified = random.Next(4) == 0 });
            if (random.Next(20) != 0)
                time += typicalGap * random.NextDouble() * 2;
        }

        var now = random.Next(50) switch
        {
            0 => time.AddYears(-10),
            1 => time.AddYears(10),
            2 => new DateTimeOffset(1970, 1, 1, 0, 1, 0, TimeSpan.Zero),
            _ => time + (typicalGap * random.NextDouble()),
        };
        return (history, now);
    }
}
