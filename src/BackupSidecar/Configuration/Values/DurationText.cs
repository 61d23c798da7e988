using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>A length of time as people write it: <c>30</c> (seconds), <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>2d</c>.</summary>
internal static partial class DurationText
{
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        var match = Form().Match(text);
        if (!match.Success || text.Length == 0)
            return false;

        // Nine digits of days are far below what the sum can hold, so it cannot overflow; the range is checked after it.
        var seconds = Number(match, "plain") + (86_400 * Number(match, "d")) + (3_600 * Number(match, "h"))
            + (60 * Number(match, "m")) + Number(match, "s");
        if (seconds > (long)TimeSpan.FromDays(36_500).TotalSeconds)
            return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>The shortest text that reads as the value: <c>1h30m</c>.</summary>
    public static string Format(TimeSpan value)
    {
        var text = "";
        if (value.Days > 0)
            text += $"{value.Days}d";
        if (value.Hours > 0)
            text += $"{value.Hours}h";
        if (value.Minutes > 0)
            text += $"{value.Minutes}m";
        if (value.Seconds > 0 || text.Length == 0)
            text += $"{value.Seconds}s";
        return text;
    }

    private static long Number(Match match, string group) =>
        match.Groups[group] is { Success: true, Value: var digits } ? long.Parse(digits, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(
        @"^((?<plain>[0-9]{1,9})|((?<d>[0-9]{1,9})d)?((?<h>[0-9]{1,9})h)?((?<m>[0-9]{1,9})m)?((?<s>[0-9]{1,9})s)?)\z",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000)]
    private static partial Regex Form();
}
