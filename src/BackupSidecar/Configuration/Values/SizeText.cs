using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>A number of bytes as people write it: <c>16MiB</c>, <c>64m</c>, <c>1g</c>. All units are powers of 1024.</summary>
internal static partial class SizeText
{
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var match = Form().Match(text);
        if (!match.Success)
            return false;
        var shift = match.Groups["unit"].Value.ToUpperInvariant() switch { "K" => 10, "M" => 20, "G" => 30, _ => 0 };
        bytes = long.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) << shift;
        return true;
    }

    public static string Format(long bytes) => bytes switch
    {
        >= 1L << 30 when bytes % (1L << 30) == 0 => $"{bytes >> 30} GiB",
        >= 1L << 20 when bytes % (1L << 20) == 0 => $"{bytes >> 20} MiB",
        _ => $"{bytes} bytes",
    };

    [GeneratedRegex(
        @"^(?<number>[0-9]{1,9})\s?((?<unit>[kmg])(i?b)?|b)?\z", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Form();
}
