using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Tests.Http;

/// <summary>Reads Prometheus' text format as strictly as Prometheus does: one type and one help before the values of each metric.</summary>
internal static partial class PrometheusReader
{
    public static Dictionary<string, double> Read(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var values = new Dictionary<string, double>();
        var types = new Dictionary<string, string>();
        var helps = new HashSet<string>();
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                Assert.True(helps.Add(line.Split(' ')[2]), line);
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                types.Add(line.Split(' ')[2], line.Split(' ')[3]);
            else
                ReadValue(line, values, types);
        }
        Assert.Equal(helps.Order(), types.Keys.Order());
        Assert.All(types.Values, type => Assert.Contains(type, new[] { "gauge", "counter" }));
        return values;
    }

    private static void ReadValue(string line, Dictionary<string, double> values, Dictionary<string, string> types)
    {
        var match = Value().Match(line);
        Assert.True(match.Success, line);
        Assert.Equal(types.Keys.Last(), match.Groups["name"].Value);
        values.Add(match.Groups["series"].Value, double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(
        """^(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})?) (?<value>-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)$""",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Value();
}
