namespace BackupSidecar.Configuration.Backrest;

/// <summary>
/// A file of variables in the form of <c>docker run --env-file</c>: no quotes, and a name alone stands for our own variable. An
/// <c>export</c> before a name, as in files for a shell, does not count.
/// </summary>
internal sealed class VariableFile
{
    private const string Export = "export";

    private readonly List<string> _variables = [];
    private readonly List<int> _bad = [];
    private readonly List<string> _doubts = [];

    private VariableFile()
    {
    }

    /// <summary>NAME=value.</summary>
    public IReadOnlyList<string> Variables => _variables;

    /// <summary>The numbers of lines that are no variables.</summary>
    public IReadOnlyList<int> Bad => _bad;

    /// <summary>What may be meant otherwise, with the number of the line and never its content.</summary>
    public IReadOnlyList<string> Doubts => _doubts;

    /// <param name="text">The whole of the file.</param>
    /// <param name="own">Our own variables.</param>
    public static VariableFile Read(string text, IReadOnlyDictionary<string, string> own)
    {
        var file = new VariableFile();
        foreach (var (line, index) in text.Split('\n').Select((line, index) => (WithoutExport(line.TrimStart().TrimEnd('\r')), index)))
        {
            if (line.Length > 0 && !line.StartsWith('#'))
                file.Add(line, index + 1, own);
        }
        return file;
    }

    private static string WithoutExport(string line) =>
        line.StartsWith(Export, StringComparison.Ordinal) && line.Length > Export.Length && char.IsWhiteSpace(line[Export.Length])
            ? line[Export.Length..].TrimStart()
            : line;

    private void Add(string line, int number, IReadOnlyDictionary<string, string> own)
    {
        var pair = line.Split('=', 2);
        var name = pair is [var only] ? only.TrimEnd() : pair[0];
        if (name.Length == 0 || name.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)) || line.Contains('\0', StringComparison.Ordinal))
            _bad.Add(number);
        else if (pair is [_, var value])
            AddValue(line, value, number);
        else if (own.TryGetValue(name, out var inherited))
            _variables.Add($"{name}={inherited}");
        else
            _doubts.Add($"line {number} has no '=', and no variable of that name is set here: it is left out.");
    }

    private void AddValue(string line, string value, int number)
    {
        _variables.Add(line);
        var text = value.Trim();
        if (text.Length > 1 && text[0] is '"' or '\'' && text[0] == text[^1])
            _doubts.Add($"line {number} has its value in quotes: here they are part of it.");
    }
}
