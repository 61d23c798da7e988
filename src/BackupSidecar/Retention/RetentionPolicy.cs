using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Retention;

/// <summary>
/// Decides which backups may be forgotten: values in, values out. What any rule keeps is kept, 0 switches a rule off, and only
/// good backups fill the tiers. The newest good backups and the newest verified one stay whatever the rules say, and where the
/// facts do not add up (no good backup, a clock that cannot be right, no rule at all) or a person has to look first, everything stays.
/// </summary>
internal sealed class RetentionPolicy(RetentionSettings settings, TimeZoneInfo zone)
{
    private const int FirstPlausibleYear = 2024;

    private int Minimum => Math.Max(1, settings.Minimum);

    private bool IsOff => settings.Age is null && Math.Max(settings.Days, Math.Max(settings.Recent, Math.Max(settings.Daily,
        Math.Max(settings.Weekly, Math.Max(settings.Monthly, settings.Yearly))))) <= 0;

    /// <param name="candidates">The backups of one store.</param>
    /// <param name="now">The time.</param>
    /// <param name="frozenBecause">Why a person has to look first; null if nobody has to.</param>
    public RetentionPlan Decide(IEnumerable<RetentionCandidate> candidates, DateTimeOffset now, string? frozenBecause = null)
    {
        // Where no rule would remove anything, there is nothing to freeze.
        var frozen = IsOff ? null : frozenBecause;
        var newestFirst = candidates
            .OrderByDescending(candidate => candidate.StartedAt)
            .ThenByDescending(candidate => candidate.Archive, StringComparer.Ordinal)
            .ToList();
        var decisions = (frozen is null ? ReasonToKeepAll(newestFirst, now) : "pruning is frozen here") is { } reason
            ? newestFirst.ConvertAll(candidate => new RetentionDecision(candidate, Keep: true, reason))
            : ByRules(newestFirst, now);
        return new RetentionPlan(decisions, settings.MaximumDeletions) { FrozenBecause = frozen };
    }

    private string? ReasonToKeepAll(List<RetentionCandidate> newestFirst, DateTimeOffset now)
    {
        if (now.Year < FirstPlausibleYear)
            return $"the clock shows {Show(now)}, which cannot be right";
        if (newestFirst.Count > 0 && newestFirst[0].StartedAt > now)
            return $"the clock shows {Show(now)}, which is before the newest backup";
        if (IsOff)
            return "every retention rule is off";
        return newestFirst.Any(candidate => candidate.IsGood) ? null : "there is no good backup";
    }

    private List<RetentionDecision> ByRules(List<RetentionCandidate> newestFirst, DateTimeOffset now)
    {
        var reasons = Rules(newestFirst, now).ToLookup(kept => kept.Candidate, kept => kept.Reason, ReferenceEqualityComparer.Instance);
        return newestFirst.ConvertAll(candidate => reasons.Contains(candidate)
            ? new RetentionDecision(candidate, Keep: true, string.Join(", ", reasons[candidate]))
            : new RetentionDecision(candidate, Keep: false, ReasonToRemove(candidate)));
    }

    private IEnumerable<(RetentionCandidate Candidate, string Reason)> Rules(List<RetentionCandidate> newestFirst, DateTimeOffset now)
    {
        var good = newestFirst.FindAll(candidate => candidate.IsGood);
        long AgeInDays(RetentionCandidate candidate) => (long)(now - candidate.StartedAt).TotalDays;
        IEnumerable<(RetentionCandidate, string)> NewestOfEach(Func<DateTime, string> period, Func<long, bool> isYoungEnough) =>
            good.TakeWhile(candidate => isYoungEnough(AgeInDays(candidate)))
                .DistinctBy(candidate => period(LocalTime(candidate)))
                .Select(candidate => (candidate, $"newest of {period(LocalTime(candidate))}"));

        // A name counts whole days, and a tier reaches to the end of its last one, as it always has.
        return Because(good.Take(Minimum), Minimum == 1 ? "the newest good backup" : $"one of the newest {Minimum} good backups")
            .Concat(Because(good.Where(candidate => candidate.IsVerified).Take(1), "the newest verified backup"))
            .Concat(Because(good.Take(settings.Recent), $"one of the {settings.Recent} most recent"))
            .Concat(settings.Days > 0
                ? Because(newestFirst.TakeWhile(candidate => AgeInDays(candidate) <= settings.Days), $"not older than {settings.Days} days")
                : [])
            .Concat(settings.Age is { } age ? Because(newestFirst.TakeWhile(candidate => now - candidate.StartedAt <= age), $"not older than {ReportText.Time(age)}") : [])
            .Concat(settings.Daily > 0 ? NewestOfEach(Day, age => age <= settings.Daily) : [])
            .Concat(settings.Weekly > 0 ? NewestOfEach(Week, age => age <= settings.Weekly * 7L) : [])
            .Concat(settings.Monthly > 0 ? NewestOfEach(Month, age => age / 30 <= settings.Monthly) : [])
            .Concat(settings.Yearly > 0 ? NewestOfEach(Year, age => age / 365 <= settings.Yearly) : [])
            .Concat(newestFirst.TakeWhile(candidate => !candidate.IsGood).Select(candidate => (candidate, $"{candidate.Flaw}, but newer than every good backup")));
    }

    private string ReasonToRemove(RetentionCandidate candidate)
    {
        var rules = settings.Days > 0 ? $"older than {settings.Days} days and kept by no rule"
            : settings.Age is { } age ? $"older than {ReportText.Time(age)} and kept by no rule"
            : "kept by no rule";
        return candidate.IsGood ? rules : $"{candidate.Flaw}, and a newer good backup exists; {rules}";
    }

    private DateTime LocalTime(RetentionCandidate candidate) => TimeZoneInfo.ConvertTime(candidate.StartedAt, zone).DateTime;

    private static IEnumerable<(RetentionCandidate Candidate, string Reason)> Because(
        IEnumerable<RetentionCandidate> kept, string reason) =>
        kept.Select(candidate => (candidate, reason));

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The last days of December may belong to the first week of the next year, so the year is the week's own.</summary>
    private static string Week(DateTime time) => $"week {ISOWeek.GetYear(time):0000}-W{ISOWeek.GetWeekOfYear(time):00}";

    private static string Month(DateTime time) => time.ToString("'month' yyyy-MM", CultureInfo.InvariantCulture);

    private static string Year(DateTime time) => time.ToString("'year' yyyy", CultureInfo.InvariantCulture);

    private static string Show(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
