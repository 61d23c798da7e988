using System.Globalization;

namespace BackupSidecar.Planning;

/// <summary>The names of the entries at the root of an archive, each of them once.</summary>
internal static class EntryNames
{
    private const int LongestPart = 100;

    /// <summary>Makes a part of a file name of any text, such as the name of a database.</summary>
    public static string Safe(string text)
    {
        var safe = string.Concat(text.Take(LongestPart).Select(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
        return safe.Length > 0 ? safe : "_";
    }

    /// <summary>
    /// Gives every name once. The first source that wants a name has it; later ones get the next number that nobody wants, so
    /// that a name never depends on sources further down.
    /// </summary>
    public static IReadOnlyList<string> Unique(IReadOnlyList<string> wanted)
    {
        var taken = wanted.ToHashSet();
        var first = new HashSet<string>();
        return wanted.Select(name => first.Add(name) ? name : Numbered(name, taken)).ToList();
    }

    /// <summary>The name that this one would be a numbered form of; null if it ends in no number.</summary>
    public static string? WithoutNumber(string name)
    {
        var stem = name.AsSpan(0, EndOfStem(name));
        var dash = stem.LastIndexOf('-');
        return dash > 0 && int.TryParse(stem[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 1
            ? string.Concat(stem[..dash], name.AsSpan(stem.Length))
            : null;
    }

    private static string Numbered(string name, HashSet<string> taken)
    {
        var number = 2;
        while (!taken.Add(WithNumber(name, number)))
            number++;
        return WithNumber(name, number);
    }

    private static string WithNumber(string name, int number)
    {
        var end = EndOfStem(name);
        return $"{name[..end]}-{number}{name[end..]}";
    }

    /// <summary>A name that begins with its only dot has no extension.</summary>
    private static int EndOfStem(string name) => name.LastIndexOf('.') is var dot and > 0 ? dot : name.Length;
}
