using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>SQL that must be true, after the name of the database that it is about: <c>shop: select count(*) > 0 from users</c>.</summary>
internal static partial class AssertionText
{
    /// <summary>Null for the source where no name stands before it. No SQL begins with one word and a colon.</summary>
    public static (string? Source, string Sql) Split(string text)
    {
        var match = Named().Match(text);
        return match.Success ? (match.Groups["source"].Value, match.Groups["sql"].Value.Trim()) : (null, text.Trim());
    }

    [GeneratedRegex(@"^\s*(?<source>[^\s:;'""()]+):(?!:)(?<sql>.*)$", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}
