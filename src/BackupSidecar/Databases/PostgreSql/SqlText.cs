using System.Text;
using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>Names and strings as SQL writes them, and patterns of names as PostgreSQL's tools read them.</summary>
internal static class SqlText
{
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string String(string text) =>
        text.Contains('\\') ? $"E'{Doubled(text).Replace("\\", @"\\", StringComparison.Ordinal)}'" : $"'{Doubled(text)}'";

    /// <summary>
    /// Whether a pattern of pg_dump's options names a table: '*' and '?' stand for characters, a dot parts schema and table, and
    /// what is not in double quotes is lower case.
    /// </summary>
    public static bool Matches(string pattern, string schema, string name)
    {
        var parts = Parts(pattern);
        return Regex.IsMatch(name, parts[^1], RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1))
            && (parts.Count == 1 || Regex.IsMatch(schema, parts[^2], RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1)));
    }

    private static string Doubled(string text) => text.Replace("'", "''", StringComparison.Ordinal);

    private static List<string> Parts(string pattern)
    {
        var parts = new List<string>();
        var part = new StringBuilder("^");
        var isQuoted = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '"' && isQuoted && i + 1 < pattern.Length && pattern[i + 1] == '"')
                part.Append(pattern[i++]);
            else if (pattern[i] == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted && pattern[i] == '.')
            {
                parts.Add(part.Append('$').ToString());
                part.Clear().Append('^');
            }
            else
                part.Append(One(pattern[i], isQuoted));
        }
        parts.Add(part.Append('$').ToString());
        return parts;
    }

    private static string One(char character, bool isQuoted) => character switch
    {
        '*' when !isQuoted => ".*",
        '?' when !isQuoted => ".",
        _ => Regex.Escape((isQuoted ? character : char.ToLowerInvariant(character)).ToString()),
    };
}
