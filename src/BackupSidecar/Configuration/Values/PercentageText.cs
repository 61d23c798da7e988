using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>A share as people write it: <c>50%</c>, or <c>50</c>.</summary>
internal static partial class PercentageText
{
    /// <exception cref="FormatException">It is not a whole number of percent.</exception>
    public static int Parse(string text) =>
        TryParse(text, out var percent) ? percent : throw new FormatException($"'{text}' is not a percentage.");

    public static bool TryParse(string text, out int percent)
    {
        percent = 0;
        var match = Form().Match(text);
        return match.Success && int.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out percent);
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,9})\s?%?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();
}
