using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Scheduling;

/// <summary>
/// When a job is due: a cron expression in a time zone. A job that names its hours runs once on each day that it names: if
/// the clock skips its time, at the first instant after the gap; if the clock shows its time twice, the first time only. A
/// cadence (<c>*/15 * * * *</c>) simply goes on. All of it may be later by a fixed time. <c>@every 90m</c> is counted from one
/// beginning for all, so that nothing moves when the program starts again.
/// </summary>
/// <remarks>
/// Only the zone's offset at an instant is asked for. .NET's own notions of invalid and ambiguous local times are wrong
/// where a zone changes its base offset or has negative daylight saving.
/// </remarks>
internal sealed class CronSchedule
{
    private const string Example = "0 3 * * * (every day at 03:00)";

    /// <summary>An hour that is shown twice is never longer than this.</summary>
    private static readonly TimeSpan LookBack = TimeSpan.FromHours(25);

    private static readonly TimeSpan Stride = TimeSpan.FromDays(1);

    private readonly CronExpression? _expression;
    private readonly TimeSpan _every;
    private readonly string _text;
    private readonly TimeZoneInfo _zone;
    private readonly TimeSpan _later;

    /// <param name="text">As it was written.</param>
    /// <param name="expression">Null where it is due <paramref name="every"/> so often.</param>
    /// <param name="every">How often.</param>
    /// <param name="zone">The time zone.</param>
    /// <param name="later">How much later than that.</param>
    private CronSchedule(string text, CronExpression? expression, TimeSpan every, TimeZoneInfo zone, TimeSpan later = default)
    {
        _text = text;
        _expression = expression;
        _every = every;
        _zone = zone;
        _later = later;
    }

    /// <exception cref="ConfigurationException">It is not a cron expression, or it never comes true.</exception>
    public static CronSchedule Parse(string expression, TimeZoneInfo zone) =>
        TryParse(expression, zone, out var schedule, out var fault) ? schedule! : throw new ConfigurationException([fault!]);

    public static bool TryParse(string expression, TimeZoneInfo zone, out CronSchedule? schedule, out ConfigurationFault? fault)
    {
        try
        {
            schedule = EveryText.Read(expression) is { } every
                ? new CronSchedule(expression.Trim(), null, every, zone)
                : new CronSchedule(expression.Trim(), CronExpression.Parse(expression), default, zone);
            fault = null;
            return true;
        }
        catch (FormatException e)
        {
            schedule = null;
            fault = new ConfigurationFault("BACKUP_SCHEDULE", e.Message, Example);
            return false;
        }
    }

    /// <summary>The same schedule, with every run so much later.</summary>
    public CronSchedule LaterBy(TimeSpan later) => new(_text, _expression, _every, _zone, later);

    /// <summary>The first instant after <paramref name="after"/> at which the job is due.</summary>
    public DateTimeOffset Next(DateTimeOffset after) =>
        // The zone may have changed its offset meanwhile.
        TimeZoneInfo.ConvertTime((_expression is null ? Counted(after - _later) : Named(_expression, after - _later)) + _later, _zone);

    /// <summary>The next instants after <paramref name="after"/>, without end.</summary>
    public IEnumerable<DateTimeOffset> Upcoming(DateTimeOffset after)
    {
        while (true)
        {
            after = Next(after);
            yield return after;
        }
    }

    /// <summary>The longest time between two of the next runs.</summary>
    public TimeSpan LongestGap(DateTimeOffset after)
    {
        const int Runs = 20;
        var runs = Upcoming(after).Take(Runs).ToList();
        return runs.Zip(runs.Skip(1), (earlier, later) => later - earlier).Max();
    }

    /// <summary>The schedule and its next runs in one line, for people.</summary>
    public string Describe(DateTimeOffset after)
    {
        var runs = Upcoming(after).Take(3).Select(run => run.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture));
        var later = _later > TimeSpan.Zero ? $", {DurationText.Format(_later)} later (BACKUP_SCHEDULE_SPREAD)" : "";
        return $"{_text} in {_zone.Id}{later}; next runs: {string.Join(", ", runs)}";
    }

    /// <summary>Two schedules of one zone with the same text are the same.</summary>
    public override string ToString() => _later > TimeSpan.Zero ? $"{_text} +{DurationText.Format(_later)}" : _text;

    private DateTimeOffset Counted(DateTimeOffset after) => new(((after.UtcTicks / _every.Ticks) + 1) * _every.Ticks, TimeSpan.Zero);

    /// <summary>The first instant that the expression names.</summary>
    private DateTimeOffset Named(CronExpression expression, DateTimeOffset after)
    {
        var start = after.UtcDateTime.AddTicks(1);
        // Up to here the local clock has been; a job with named hours does not run on times that it has seen.
        var seen = DateTime.MinValue;
        for (var from = start - LookBack; ;)
        {
            var offset = _zone.GetUtcOffset(from);
            var until = EndOfOffset(from, offset);
            var nextOffset = _zone.GetUtcOffset(until);

            if (until > start && FirstIn(expression, Max(from, start), until, offset, seen) is { } found)
                return found;
            if (until >= start && nextOffset > offset && IsDueInGap(expression, until + offset, until + nextOffset))
                return At(until, nextOffset);

            seen = Max(seen, until + offset);
            from = until;
        }
    }

    private static bool IsDueInGap(CronExpression expression, DateTime from, DateTime until) => expression.NamesHours && expression.FirstIn(from, until) is not null;

    private static DateTimeOffset? FirstIn(CronExpression expression, DateTime from, DateTime until, TimeSpan offset, DateTime seen)
    {
        var localFrom = expression.IsCadence ? from + offset : Max(from + offset, seen);
        return expression.FirstIn(localFrom, until + offset) is { } local ? At(local - offset, offset) : null;
    }

    /// <summary>The instant at which the zone leaves this offset, or one stride further if it does not before.</summary>
    private DateTime EndOfOffset(DateTime from, TimeSpan offset)
    {
        var same = from;
        var different = from + Stride;
        if (_zone.GetUtcOffset(different) == offset)
            return different;

        while (different - same > TimeSpan.FromTicks(1))
        {
            var middle = same + ((different - same) / 2);
            if (_zone.GetUtcOffset(middle) == offset)
                same = middle;
            else
                different = middle;
        }

        return different;
    }

    private static DateTimeOffset At(DateTime utc, TimeSpan offset) =>
        new(DateTime.SpecifyKind(utc + offset, DateTimeKind.Unspecified), offset);

    private static DateTime Max(DateTime one, DateTime other) => one > other ? one : other;
}
