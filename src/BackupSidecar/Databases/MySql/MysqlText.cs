namespace BackupSidecar.Databases.MySql;

/// <summary>Names and texts as SQL writes them, and rows as the client prints them.</summary>
internal static class MysqlText
{
    public static string Name(string name) => '`' + name.Replace("`", "``", StringComparison.Ordinal) + '`';

    public static string Name(string database, string name) => $"{Name(database)}.{Name(name)}";

    public static string Literal(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";

    public static string List(IEnumerable<string> texts) => $"({string.Join(", ", texts.Select(Literal).DefaultIfEmpty("NULL"))})";

    /// <summary>Columns of one line of the client's batch output, in which what could break the line is escaped.</summary>
    public static string[] Columns(string line) =>
        [.. line.Split('\t').Select(column => column
            .Replace(@"\\", "\0", StringComparison.Ordinal)
            .Replace(@"\t", "\t", StringComparison.Ordinal)
            .Replace(@"\n", "\n", StringComparison.Ordinal)
            .Replace('\0', '\\'))];
}
