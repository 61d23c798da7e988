using System.Text;

namespace BackupSidecar.Configuration.Values;

/// <summary>Absolute paths, and the names that directories and files have in the archive.</summary>
internal static class PathText
{
    /// <summary>The longest name in UTF-8, so that the name of an entry stays below the 255 that file systems allow.</summary>
    private const int LongestName = 200;

    /// <summary>Reads an absolute path, without doubled or closing slashes.</summary>
    public static bool TryParse(string text, out string path, out string problem)
    {
        path = "";
        problem = "";
        if (!text.StartsWith('/'))
            problem = $"{Shown.Quote(text)} is not an absolute path: it must begin with '/'.";
        else if (text.Any(char.IsControl))
            problem = $"{Shown.Quote(text)} holds control characters.";
        else if (text.Split('/').Contains(".."))
            problem = $"{Shown.Quote(text)} holds '..'; write the path out.";
        else
            path = "/" + string.Join('/', text.Split('/').Where(part => part is not ("" or ".")));
        return problem.Length == 0;
    }

    /// <summary>Reads <c>/path</c> or <c>/path:name</c>.</summary>
    public static bool TryParseNamed(string text, out NamedPath entry, out string problem)
    {
        entry = default;
        var colon = text.IndexOf(':');
        if (!TryParse((colon < 0 ? text : text[..colon]).TrimEnd(), out var path, out problem))
            return false;
        var name = colon < 0 ? path[(path.LastIndexOf('/') + 1)..] : text[(colon + 1)..].Trim();
        problem = NameProblem(name) is { } found ? $"{Shown.Quote(text)}: {found}" : "";
        entry = new NamedPath(path, name) { IsNamed = colon >= 0 };
        return problem.Length == 0;
    }

    private static string? NameProblem(string name) => name switch
    {
        "" => "it has no name in the archive; add one after a ':'.",
        "." or ".." => $"'{name}' cannot be a name in the archive.",
        "manifest.json" or "RESTORE.txt" => $"the name '{name}' is taken by the archive itself; give another after a ':'.",
        _ when name.Contains('/') => "the name after ':' is one part, without '/'.",
        _ when name.Contains(':') => "the name after ':' holds another ':'; entries are separated by commas, and each begins with '/'.",
        _ when name.Any(char.IsControl) => "the name holds control characters.",
        _ when name.StartsWith(OwnNames.Reserved, StringComparison.Ordinal) => $"names that begin with '{OwnNames.Reserved}' are reserved.",
        _ when Encoding.UTF8.GetByteCount(name) > LongestName => $"the name is longer than {LongestName} bytes.",
        _ => null,
    };
}
