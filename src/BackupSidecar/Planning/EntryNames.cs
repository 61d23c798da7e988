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

    private static string Numbered(string name, HashSet<string> taken)
    {
        var number = 2;
        while (!taken.Add(WithNumber(name, number)))
            number++;
        return WithNumber(name, number);
    }

    private static string WithNumber(string name, int number)
    {
        // A name that begins with its only dot has no extension.
        var dot = name.LastIndexOf('.') is var at and > 0 ? at : name.Length;
        return $"{name[..dot]}-{number}{name[dot..]}";
    }
}
