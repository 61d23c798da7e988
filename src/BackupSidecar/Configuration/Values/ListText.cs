using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>
/// Lists: entries on lines of their own, or separated by ',' or ';' where that cannot be part of an entry. Entries are
/// trimmed; empty ones are skipped, and so are lines and entries that begin with '#'.
/// </summary>
internal static partial class ListText
{
    /// <summary>Names have none of the separators in them, nor blanks.</summary>
    public static IReadOnlyList<string> Names(string text) => Entries(text, NameSeparator());

    /// <summary>A ',' or ';' separates only before a new <c>scheme://</c>: hosts of one URI are separated by commas too.</summary>
    public static IReadOnlyList<string> Uris(string text) => Entries(text, UriSeparator());

    /// <summary>A ',' or ';' separates only before a new absolute path: both may stand in the name of a file.</summary>
    public static IReadOnlyList<string> Paths(string text) => Entries(text, PathSeparator());

    private static List<string> Entries(string text, Regex separator) =>
        Spoken(text.Split('\r', '\n')).SelectMany(line => Spoken(separator.Split(line))).ToList();

    private static IEnumerable<string> Spoken(IEnumerable<string> parts) =>
        parts.Select(part => part.Trim()).Where(part => part.Length > 0 && part[0] != '#');

    [GeneratedRegex(@"[\s,;]+", RegexOptions.None, 1000)]
    private static partial Regex NameSeparator();

    [GeneratedRegex(@"[,;](?=[ \t]*(#?[ \t]*[A-Za-z][A-Za-z0-9+.-]{0,30}://|\z))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UriSeparator();

    [GeneratedRegex(@"[,;](?=[ \t]*(#?[ \t]*/|[,;]|\z))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathSeparator();
}
