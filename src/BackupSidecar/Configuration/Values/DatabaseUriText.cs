namespace BackupSidecar.Configuration.Values;

/// <summary>
/// Takes the parameters of ours out of a database's URI, so that no tool sees them. The rest stays as it was written.
/// Messages quote nothing but the names of parameters.
/// </summary>
internal static class DatabaseUriText
{
    public const string Name = "backup.name";
    public const string Via = "backup.via";
    public const string ExcludeTable = "backup.exclude_table";
    public const string ExcludeTableData = "backup.exclude_table_data";
    public const string ExcludeDatabase = "backup.exclude_database";

    private const string Prefix = "backup.";

    /// <param name="text">The URI as it was given.</param>
    /// <param name="known">The parameters of ours that this engine has.</param>
    /// <exception cref="FormatException">A parameter of ours is unknown, stands there twice, or has a value that cannot be.</exception>
    public static DatabaseUri Split(string text, IReadOnlyList<string> known)
    {
        var question = text.IndexOf('?');
        if (question < 0 || !text[question..].Contains(Prefix, StringComparison.Ordinal))
            return new DatabaseUri(new Secret(text), new DatabaseOptions());
        var pairs = text[(question + 1)..].Split('&').ToLookup(pair => pair.StartsWith(Prefix, StringComparison.Ordinal));
        var ours = new Dictionary<string, string>();
        foreach (var pair in pairs[true])
        {
            var (name, value) = pair.IndexOf('=') is var equals and > 0 ? (pair[..equals], pair[(equals + 1)..]) : (pair, "");
            if (!known.Contains(name))
                throw new FormatException($"it has the parameter {Shown.Quote(name)}; of ours there are {string.Join(", ", known)}.");
            if (!ours.TryAdd(name, UriText.Decode(value)) || value.Length == 0)
                throw new FormatException($"its parameter {name} has no value, or stands there twice; several values are separated by commas.");
        }

        var theirs = string.Join('&', pairs[false]);
        return new DatabaseUri(new Secret(text[..question] + (theirs.Length > 0 ? "?" + theirs : "")), Options(ours));
    }

    private static DatabaseOptions Options(Dictionary<string, string> given) => new()
    {
        Name = given.GetValueOrDefault(Name) is { } name ? CheckedName(name) : null,
        Via = given.GetValueOrDefault(Via) is { } via ? Place(via) : null,
        ExcludedTables = List(given, ExcludeTable),
        ExcludedTableData = List(given, ExcludeTableData),
        ExcludedDatabases = List(given, ExcludeDatabase),
    };

    private static string CheckedName(string name) => BackupNameText.IsValid(name)
        ? name
        : throw new FormatException($"its parameter {Name} cannot be a name: letters, digits, '.', '_' and '-', at most 100, beginning with a letter or digit.");

    private static DumpVia Place(string text) =>
        Enum.TryParse<DumpVia>(text, ignoreCase: true, out var via) && !char.IsAsciiDigit(text[0])
            ? via
            : throw new FormatException($"its parameter {Via} is none of auto, exec, client.");

    private static string[] List(Dictionary<string, string> given, string name) =>
        given.GetValueOrDefault(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
