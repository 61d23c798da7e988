using System.Text.RegularExpressions;

namespace BackupSidecar.Configuration.Values;

/// <summary>
/// Lists: entries on lines of their own, or separated by ',' or ';' where that cannot be part of an entry. Entries are
/// trimmed; empty ones and those that begin with '#' are comments.
/// </summary>
internal static partial class ListText
{
    /// <summary>Names have none of the separators in them, nor blanks.</summary>
    public static IReadOnlyList<string> Names(string text) => Entries(NameSeparator().Split(text));

    /// <summary>A ',' or ';' separates only before a new <c>scheme://</c>: hosts of one URI are separated by commas too.</summary>
    public static IReadOnlyList<string> Uris(string text) => Entries(UriSeparator().Split(text));

    /// <summary>A ',' or ';' separates only before a new absolute path: both may stand in the name of a file.</summary>
    public static IReadOnlyList<string> Paths(string text) => Entries(PathSeparator().Split(text));

    private static List<string> Entries(IEnumerable<string> parts) =>
        parts.Select(part => part.Trim()).Where(part => part.Length > 0 && part[0] != '#').ToList();

    [GeneratedRegex(@"[\s,;]+", RegexOptions.None, 1000)]
    private static partial Regex NameSeparator();

    [GeneratedRegex(@"[\r\n]+|[,;](?=[ \t]*(#?[ \t]*[A-Za-z][A-Za-z0-9+.-]{0,30}://|[\r\n]|\z))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UriSeparator();

    [GeneratedRegex(@"[\r\n]+|[,;](?=[ \t]*(#?[ \t]*/|[,;]|[\r\n]|\z))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathSeparator();
}
