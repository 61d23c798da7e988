using System.Globalization;
using System.Text.RegularExpressions;
using NCrontab;

namespace BackupSidecar.Scheduling;

/// <summary>
/// One field of a cron expression: the set of values that it names. NCrontab knows names, limits, lists and steps; what it
/// would take in silence and get wrong (ranges that run backwards, 7 for Sunday, steps of zero) is settled or refused here first.
/// </summary>
internal sealed partial class CronField
{
    private readonly CrontabField _values;

    private CronField(CrontabField values, bool startsWithStar)
    {
        _values = values;
        StartsWithStar = startsWithStar;
    }

    /// <summary>Whether it was written as <c>*</c> or <c>*/n</c>: what makes a job an interval rather than a time of day.</summary>
    public bool StartsWithStar { get; }

    /// <exception cref="FormatException">It is not a field; the message says why, for people.</exception>
    public static CronField Parse(CrontabFieldKind kind, string text)
    {
        // In place of a day, many write that there is nothing to say of it.
        if (text == "?" && (kind is CrontabFieldKind.Day or CrontabFieldKind.DayOfWeek))
            text = "*";
        var pieces = text.Split(',').Select(piece => Normalize(kind, text, piece));
        return new CronField(CrontabField.Parse(kind, string.Join(',', pieces)), text.StartsWith('*'));
    }

    public bool Contains(int value) => _values.Contains(value);

    /// <summary>The smallest value that is not below <paramref name="value"/>, or -1.</summary>
    public int AtOrAfter(int value) => _values.Next(value);

    public int First => _values.GetFirst();

    private static string Normalize(CrontabFieldKind kind, string text, string piece)
    {
        var (first, last) = Limits(kind);
        var match = Piece().Match(piece);
        if (!match.Success)
        {
            throw new FormatException(
                $"the {Name(kind)} field '{text}' is neither *, a value from {first} to {last}, a range, a list nor a step.");
        }

        var step = match.Groups["step"] is { Success: true } group ? ParseStep(kind, group.Value, last - first + 1) : 1;
        if (match.Groups["star"].Success)
            return $"*/{step}";

        var from = Value(kind, match.Groups["from"].Value);
        if (match.Groups["to"].Success)
            return Range(kind, from, Value(kind, match.Groups["to"].Value), step);
        return match.Groups["step"].Success ? Range(kind, from, last, step) : $"{from % (last + 1)}";
    }

    /// <summary>A range that runs backwards (FRI-MON, 22-4) goes on at the field's first value, as people mean it.</summary>
    private static string Range(CrontabFieldKind kind, int from, int to, int step)
    {
        var (first, last) = Limits(kind);
        if (from > last)
            (from, to) = (0, to % (last + 1));
        to = from == 0 ? Math.Min(to, last) : to % (last + 1);
        if (from <= to)
            return $"{from}-{to}/{step}";

        var resumed = first + step - 1 - ((last - from) % step);
        return resumed <= to ? $"{from}-{last}/{step},{resumed}-{to}/{step}" : $"{from}-{last}/{step}";
    }

    private static int ParseStep(CrontabFieldKind kind, string text, int count)
    {
        var step = int.Parse(text, CultureInfo.InvariantCulture);
        if (step < 1 || step > count)
            throw new FormatException($"the step /{text} in the {Name(kind)} field must lie between 1 and {count}.");
        return step;
    }

    /// <summary>The value as a number; Sunday may stay 7 here, because ranges end with it.</summary>
    private static int Value(CrontabFieldKind kind, string text)
    {
        if (kind == CrontabFieldKind.DayOfWeek && text is "7" or "07")
            return 7;
        var (first, last) = Limits(kind);
        return CrontabField.TryParse(kind, text)?.GetFirst()
            ?? throw new FormatException($"'{text}' in the {Name(kind)} field must lie between {first} and {last}{NamesHint(kind)}.");
    }

    private static (int First, int Last) Limits(CrontabFieldKind kind) => kind switch
    {
        CrontabFieldKind.Hour => (0, 23),
        CrontabFieldKind.Day => (1, 31),
        CrontabFieldKind.Month => (1, 12),
        CrontabFieldKind.DayOfWeek => (0, 6),
        _ => (0, 59),
    };

    private static string Name(CrontabFieldKind kind) => kind switch
    {
        CrontabFieldKind.Second => "second",
        CrontabFieldKind.Minute => "minute",
        CrontabFieldKind.Hour => "hour",
        CrontabFieldKind.Day => "day-of-month",
        CrontabFieldKind.Month => "month",
        _ => "day-of-week",
    };

    private static string NamesHint(CrontabFieldKind kind) => kind switch
    {
        CrontabFieldKind.Month => ", or be a name such as JAN",
        CrontabFieldKind.DayOfWeek => ", or be a name such as MON",
        _ => "",
    };

    [GeneratedRegex(
        "^((?<star>\\*)|(?<from>[0-9]{1,2}|[A-Za-z]{3,9})(-(?<to>[0-9]{1,2}|[A-Za-z]{3,9}))?)(/(?<step>[0-9]{1,3}))?\\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Piece();
}
