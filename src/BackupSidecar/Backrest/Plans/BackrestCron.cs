using System.Globalization;

namespace BackupSidecar.Backrest.Plans;

/// <summary>
/// Cron expressions as Backrest reads them: five fields of numbers, names of three letters, ranges, lists and steps. What is
/// out of range is no error there but never comes true, a range that runs backwards is empty, and both day fields must match.
/// An expression that never comes true keeps Backrest from starting.
/// </summary>
internal static class BackrestCron
{
    private static readonly Field[] Fields =
    [
        new("minute", 0, 59, []),
        new("hour", 0, 23, []),
        new("day-of-month", 1, 31, []),
        new("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
        new("day-of-week", 0, 6, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ];

    /// <summary>Days of the months of a leap year, which comes often enough.</summary>
    private static readonly int[] LongestMonths = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>Backrest looks no further ahead than this, and does not start with what has no date by then.</summary>
    private const int Foresight = 5;

    /// <summary>Weekdays and leap years come back after 28 years.</summary>
    private const int CalendarYears = 28;

    /// <summary>Why Backrest would not start with it, or null. Whether its next date is near enough depends on the day, and is not looked at.</summary>
    public static string? Fault(string cron) => Read(cron, isStrict: false);

    /// <summary>Also what Backrest would take in silence and do otherwise than it reads.</summary>
    public static string? StrictFault(string cron) => Read(cron, isStrict: true);

    private static string? Read(string cron, bool isStrict)
    {
        var texts = cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (texts.Length != Fields.Length)
            return $"'{cron}' has {texts.Length} fields; there must be five (minute hour day month weekday).";
        var values = new HashSet<int>[Fields.Length];
        for (var i = 0; i < Fields.Length; i++)
        {
            if (Fields[i].TryRead(texts[i], isStrict, out values[i]) is { } fault)
                return fault;
        }
        if (!values[3].Any(month => values[2].Any(day => day <= LongestMonths[month])))
            return $"'{cron}' never comes true: no such month has that day.";
        return isStrict && IsRare(values[2], values[3], values[4])
            ? $"'{cron}' comes true too rarely: both day fields must match, and Backrest does not start while the next date is more than {Foresight} years ahead."
            : null;
    }

    /// <summary>Whether there is a day from which the next date lies too far ahead.</summary>
    private static bool IsRare(HashSet<int> days, HashSet<int> months, HashSet<int> weekdays)
    {
        var last = 0;
        var begin = new DateOnly(2000, 1, 1);
        for (var day = begin; day.Year < begin.Year + CalendarYears + (2 * Foresight); day = day.AddDays(1))
        {
            if (!months.Contains(day.Month) || !days.Contains(day.Day) || !weekdays.Contains((int)day.DayOfWeek))
                continue;
            if (day.Year - (last == 0 ? begin.Year : last) > Foresight)
                return true;
            last = day.Year;
        }
        return last < begin.Year + CalendarYears;
    }

    private sealed record Field(string Name, int First, int Last, string[] Names)
    {
        /// <summary>Null if it can be read; then the values that can come true.</summary>
        public string? TryRead(string text, bool isStrict, out HashSet<int> values)
        {
            values = [];
            foreach (var piece in text.Split(','))
            {
                if (ReadPiece(piece, isStrict, values) is { } fault)
                    return $"the {Name} field '{text}' {fault}";
            }
            return values.Count > 0
                ? null
                : $"the {Name} field '{text}' never comes true: its values are {First} to {Last}{(Name == "day-of-week" ? ", Sunday is 0" : "")}.";
        }

        private string? ReadPiece(string piece, bool isStrict, HashSet<int> values)
        {
            var (range, step) = (piece, 1);
            if (piece.IndexOf('/') is var slash and >= 0)
            {
                range = piece[..slash];
                // With a step of 0, Backrest would count for ever.
                if (!int.TryParse(piece.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out step) || step == 0)
                    return $"has a step that is not a number from 1 up: '{piece}'.";
            }
            if (!TryReadRange(range, hasStep: piece.Length > range.Length, out var first, out var last))
                return $"is neither *, a value from {First} to {Last}, a range, a list nor a step.";
            if (isStrict && (first < First || last > Last || first > last))
                return $"must lie between {First} and {Last}, ranges from the smaller to the larger value{(Name == "day-of-week" ? "; Sunday is 0" : "")}.";
            for (long value = first; value <= Math.Min(last, Last); value += step)
            {
                if (value >= First)
                    values.Add((int)value);
            }
            return null;
        }

        private bool TryReadRange(string text, bool hasStep, out int first, out int last)
        {
            (first, last) = (First, Last);
            if (text == "*")
                return true;
            var ends = text.Split('-');
            if (ends.Length > 2 || !TryReadValue(ends[0], out first))
                return false;
            last = hasStep ? Last : first;
            return ends.Length == 1 || TryReadValue(ends[1], out last);
        }

        private bool TryReadValue(string text, out int value)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value))
                return true;
            value = First + Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
            return value >= First;
        }
    }
}
