using NCrontab;

namespace BackupSidecar.Scheduling;

/// <summary>
/// What a cron expression says about local time, without zones: five fields, or six with seconds first, or a name such as
/// <c>@daily</c>. If both day fields are restricted, a day that either of them names counts, as in Vixie's cron.
/// </summary>
internal sealed class CronExpression
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
    };

    private readonly CronField _second;
    private readonly CronField _minute;
    private readonly CronField _hour;
    private readonly CronField _day;
    private readonly CronField _month;
    private readonly CronField _dayOfWeek;

    private CronExpression(string[] fields)
    {
        _second = CronField.Parse(CrontabFieldKind.Second, fields[0]);
        _minute = CronField.Parse(CrontabFieldKind.Minute, fields[1]);
        _hour = CronField.Parse(CrontabFieldKind.Hour, fields[2]);
        _day = CronField.Parse(CrontabFieldKind.Day, fields[3]);
        _month = CronField.Parse(CrontabFieldKind.Month, fields[4]);
        _dayOfWeek = CronField.Parse(CrontabFieldKind.DayOfWeek, fields[5]);
    }

    /// <summary>Whether it names hours of the day, so that a missing hour must not swallow its run.</summary>
    public bool NamesHours => !_hour.StartsWithStar;

    /// <summary>Whether it is a cadence, which goes on through an hour that the clock shows twice.</summary>
    public bool IsCadence => _hour.StartsWithStar || _minute.StartsWithStar || _second.StartsWithStar;

    private bool EitherDayCounts => !_day.StartsWithStar && !_dayOfWeek.StartsWithStar;

    /// <exception cref="FormatException">It is not a cron expression, or never comes true; the message says why, for people.</exception>
    public static CronExpression Parse(string text)
    {
        var bare = Unquote(text.Trim());
        if (bare.StartsWith('@'))
            bare = Names.GetValueOrDefault(bare) ?? throw new FormatException($"'{bare}' is not one of {string.Join(", ", Names.Keys)}, @every 6h.");

        var fields = bare.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var expression = fields.Length switch
        {
            5 => new CronExpression(["0", .. fields]),
            6 => new CronExpression(fields),
            _ => throw new FormatException(
                $"'{bare}' has {fields.Length} fields; there must be five (minute hour day month weekday), or six with seconds first."),
        };
        return expression.ComesTrue() ? expression : throw new FormatException($"'{bare}' never comes true: no such month has that day.");
    }

    /// <summary>The first local time that it names in [from, until), or null.</summary>
    public DateTime? FirstIn(DateTime from, DateTime until)
    {
        from = CeilingToSecond(from);
        for (var day = from.Date; day < until; day = day.AddDays(1))
        {
            if (!NamesDay(day) || FirstTimeOfDay(day == from.Date ? from.TimeOfDay : TimeSpan.Zero) is not { } time)
                continue;
            return day + time < until ? day + time : null;
        }

        return null;
    }

    private bool NamesDay(DateTime day)
    {
        if (!_month.Contains(day.Month))
            return false;
        var byDay = _day.Contains(day.Day);
        var byDayOfWeek = _dayOfWeek.Contains((int)day.DayOfWeek);
        return EitherDayCounts ? byDay || byDayOfWeek : byDay && byDayOfWeek;
    }

    private TimeSpan? FirstTimeOfDay(TimeSpan from)
    {
        for (var hour = _hour.AtOrAfter(from.Hours); hour >= 0; hour = _hour.AtOrAfter(hour + 1))
        {
            if (hour > from.Hours)
                return new TimeSpan(hour, _minute.First, _second.First);
            for (var minute = _minute.AtOrAfter(from.Minutes); minute >= 0; minute = _minute.AtOrAfter(minute + 1))
            {
                var second = minute > from.Minutes ? _second.First : _second.AtOrAfter(from.Seconds);
                if (second >= 0)
                    return new TimeSpan(hour, minute, second);
            }
        }

        return null;
    }

    /// <summary>Every weekday falls on every date sooner or later; only a day that a month does not have never comes.</summary>
    private bool ComesTrue()
    {
        const int LeapYear = 2024;
        return EitherDayCounts
            || Enumerable.Range(1, 12).Any(month => _month.Contains(month) && _day.First <= DateTime.DaysInMonth(LeapYear, month));
    }

    private static DateTime CeilingToSecond(DateTime time)
    {
        var rest = time.Ticks % TimeSpan.TicksPerSecond;
        return rest == 0 ? time : time.AddTicks(TimeSpan.TicksPerSecond - rest);
    }

    /// <summary>An env file that is not read by a shell leaves its quotes around the value.</summary>
    private static string Unquote(string text) =>
        text is ['"', .., '"'] or ['\'', .., '\''] ? text[1..^1].Trim() : text;
}
