using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>
/// A length of time as Go's tools write it (<c>24h</c>, <c>1h30m</c>, <c>1.5h</c>, <c>300ms</c>), and in days and weeks
/// besides (<c>7d</c>, <c>2w</c>). A bare number is days where a period is meant, such as how long something is kept.
/// </summary>
internal static partial class PeriodText
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Reads a period; a bare number is days.</summary>
    public static bool TryParse(string text, out TimeSpan value) =>
        TryParseDuration(text.Length > 0 && text.All(char.IsAsciiDigit) ? text + "d" : text, out value);

    /// <summary>Reads a duration, every number of which has its unit; only 0 may stand alone.</summary>
    public static bool TryParseDuration(string text, out TimeSpan value)
    {
        value = default;
        if (text == "0")
            return true;
        var match = Form().Match(text);
        if (!match.Success)
            return false;
        var numbers = match.Groups["number"].Captures;
        var units = match.Groups["unit"].Captures;
        var ticks = 0m;
        for (var i = 0; i < numbers.Count; i++)
            ticks += decimal.Parse(numbers[i].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * Ticks(units[i].Value);
        if (ticks > Longest.Ticks)
            return false;
        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    private static decimal Ticks(string unit) => unit switch
    {
        "ns" => 0.01m,
        "us" or "µs" or "μs" => 10,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        "d" => TimeSpan.TicksPerDay,
        _ => 7 * TimeSpan.TicksPerDay,
    };

    /// <summary>Few digits, so that no sum can overflow; the range is checked after it.</summary>
    [GeneratedRegex(
        @"^((?<number>[0-9]{1,12}(\.[0-9]{0,9})?|\.[0-9]{1,9})(?<unit>ns|us|µs|μs|ms|s|m|h|d|w)){1,16}\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Form();
}
