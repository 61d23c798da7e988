using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>A length of time as programs in Go take it: <c>1m30s</c>, <c>1.5h</c>, <c>500ms</c>.</summary>
internal static partial class GoDurationText
{
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        if (text.Length == 0 || !Form().IsMatch(text))
            return false;
        var seconds = Part().Matches(text).Sum(part => double.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * Unit(part.Groups["unit"].Value));
        if (seconds > TimeSpan.FromDays(36_500).TotalSeconds)
            return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static double Unit(string name) => name switch
    {
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        "ms" => 1e-3,
        "us" or "µs" => 1e-6,
        _ => 1e-9,
    };

    [GeneratedRegex("^([0-9]{1,9}(\\.[0-9]{1,9})?(h|ms|m|s|us|µs|ns))+\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();

    [GeneratedRegex("(?<number>[0-9]+(\\.[0-9]+)?)(?<unit>h|ms|m|s|us|µs|ns)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
