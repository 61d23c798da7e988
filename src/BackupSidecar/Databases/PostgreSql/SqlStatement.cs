using System.Text.RegularExpressions;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>What a token of SQL is.</summary>
internal enum SqlTokenKind
{
    /// <summary>A keyword, or a name that needs no quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Name,

    /// <summary>A string.</summary>
    Text,

    /// <summary>Anything else.</summary>
    Symbol,
}

/// <summary>A token, unquoted, and where it stands in its statement.</summary>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Text, int Start, int End)
{
    public bool IsKeyword(string word) => Kind == SqlTokenKind.Word && Text == word;

    /// <summary>Whether it can be the name of a role, a database or a tablespace.</summary>
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.Name;
}

/// <summary>A statement as PostgreSQL's tools write it, without its ';'. They write keywords in capitals, and quote a name that is one.</summary>
internal sealed partial record SqlStatement(string Text)
{
    private const int Timeout = 5000;

    /// <summary>Its tokens from the left.</summary>
    public IReadOnlyList<SqlToken> Tokens { get; } = [.. Token().Matches(Text).Select(Read)];

    /// <summary>
    /// Whether it is one statement to every server, and all of it stands where we see it: nothing but words of ASCII letters, numbers,
    /// names, strings and the few signs that pg_dumpall writes between them. No comment, no ';', no backslash outside of a string.
    /// </summary>
    public bool IsPlain => Plain().IsMatch(Text);

    /// <summary>Whether it begins with these keywords.</summary>
    public bool Begins(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (i >= Tokens.Count || !Tokens[i].IsKeyword(words[i]))
                return false;
        }
        return true;
    }

    /// <summary>The index behind the first place where these keywords stand in a row; -1 if nowhere.</summary>
    public int After(params ReadOnlySpan<string> words)
    {
        for (var start = 0; start + words.Length <= Tokens.Count; start++)
        {
            var i = 0;
            while (i < words.Length && Tokens[start + i].IsKeyword(words[i]))
                i++;
            if (i == words.Length)
                return start + i;
        }
        return -1;
    }

    /// <summary>The name at an index, or null if there is none.</summary>
    public string? NameAt(int index) => index >= 0 && index < Tokens.Count && Tokens[index].IsName ? Tokens[index].Text : null;

    private static SqlToken Read(Match match)
    {
        var (kind, text) = match.Value[0] switch
        {
            // A quote that nothing closes.
            '"' or '\'' when match.Length == 1 => (SqlTokenKind.Symbol, match.Value),
            '"' => (SqlTokenKind.Name, match.Value[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal)),
            '\'' => (SqlTokenKind.Text, match.Value[1..^1].Replace("''", "'", StringComparison.Ordinal)),
            _ when match.Groups["other"].Success => (SqlTokenKind.Text, match.Value),
            _ when match.Groups["word"].Success => (SqlTokenKind.Word, match.Value),
            _ => (SqlTokenKind.Symbol, match.Value),
        };
        return new SqlToken(kind, text, match.Index, match.Index + match.Length);
    }

    // "other": strings with escapes or between dollars, whose content nobody asks for.
    [GeneratedRegex(
        """
        (?<other>[Ee]'([^'\\]|\\.|'')*'|\$(?<tag>[\w]*)\$.*?\$\k<tag>\$)|'([^']|'')*'|"([^"]|"")*"|(?<word>[\p{L}_][\w$]*)|\S
        """,
        RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace, Timeout)]
    private static partial Regex Token();

    // Each token is taken whole and never given back, so that there is one way only to read a text. A string right behind a word could be
    // one with other rules (N'…', U&'…'), and one behind another, with a line break between, goes on with the rules of that.
    [GeneratedRegex(
        """
        \A(?>[ \t\r\n]+|E'(?>([^'\\]|\\.|'')*)'(?!\s*')|[A-Za-z_](?>[A-Za-z0-9_]*)(?!')|[0-9]+|[,()=.]|"(?>([^"]|"")+)"|'(?>([^']|'')*)'(?!\s*'))*\z
        """,
        RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace, Timeout)]
    private static partial Regex Plain();
}
