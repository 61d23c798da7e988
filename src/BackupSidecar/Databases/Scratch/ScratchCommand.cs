using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.Scratch;

/// <summary>A server's command as its scratch server gets it: as it stands, without the options that are left out.</summary>
internal static partial class ScratchCommand
{
    /// <summary>The words of a command, each option of <paramref name="leavesOut"/> gone with its values, also inside of a shell's script.</summary>
    public static IReadOnlyList<string> Without(IReadOnlyDictionary<string, int> leavesOut, IReadOnlyList<string> words)
    {
        var kept = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            if (leavesOut.TryGetValue(words[i], out var values))
                i += values;
            else if (!leavesOut.Keys.Any(option => words[i].StartsWith(option + "=", StringComparison.Ordinal)))
                kept.Add(WithoutInText(leavesOut, words[i]));
        }
        return kept;
    }

    /// <summary>The same for options that stand in one text, as a shell's script or a variable holds them.</summary>
    public static string WithoutInText(IReadOnlyDictionary<string, int> leavesOut, string text)
    {
        const string Value = """(?:\s+|=)("[^"]*"|'[^']*'|[^\s;&|]+)""";
        return leavesOut.Aggregate(text, (rest, option) => Regex.Replace(
            rest,
            $"(^|(?<=\\s)){Regex.Escape(option.Key)}{string.Concat(Enumerable.Repeat(Value, option.Value))}(?=[\\s;&|]|$)",
            "",
            RegexOptions.None,
            TimeSpan.FromSeconds(1)));
    }

    /// <summary>The variables that a command's shell would read.</summary>
    public static IReadOnlySet<string> Variables(IEnumerable<string> words) =>
        words.SelectMany(word => Reference().Matches(word)).Select(match => match.Groups["name"].Value).ToHashSet();

    [GeneratedRegex(@"\$\{?(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();
}
