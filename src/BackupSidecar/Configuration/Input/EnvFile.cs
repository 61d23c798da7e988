using System.Text.RegularExpressions;
using DotNetEnv;
using Sprache;

namespace BackupSidecar.Configuration.Input;

/// <summary>
/// The text of a configuration file in the form of a <c>.env</c> file. Values are taken as they stand: nothing is expanded,
/// and the process's own environment is neither read nor changed.
/// </summary>
internal sealed partial record EnvFile(IReadOnlyList<KeyValuePair<string, string>> Entries, string? Problem)
{
    /// <summary>Reads the text; what cannot be read becomes <see cref="Problem"/>, which names the line and no value.</summary>
    public static EnvFile Parse(string text)
    {
        // The parser would replace $NAME by a variable of the environment or by nothing, and silently cut passwords at a '$'.
        // It never sees one: a character that the text does not use stands in for it.
        var dollar = Enumerable.Range(0xE000, 0x1900).Select(code => (char)code).FirstOrDefault(c => !text.Contains(c));
        if (dollar == default || text.Contains('\0'))
            return new EnvFile([], "it holds characters that have no place in a text file");
        try
        {
            var entries = Env.LoadContents(text.TrimStart('\uFEFF').Replace('$', dollar) + "\n", LoadOptions.NoEnvVars());
            return new EnvFile([.. entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Replace(dollar, '$')))], null);
        }
        catch (ParseException e)
        {
            // The exception's own message quotes the text around the place, and with it values.
            return new EnvFile([], Describe(text, e.Position.Line));
        }
    }

    private static string Describe(string text, int line)
    {
        var opened = QuotedValue().Matches(text)
            .FirstOrDefault(match => text.IndexOf(match.Groups["quote"].Value[0], match.Index + match.Length) < 0);
        return opened is null
            ? $"line {line} cannot be read; write NAME=value, and NAME=\"value\" if the value holds quotes or ' #'"
            : $"the quote that opens the value in line {1 + text.AsSpan(0, opened.Groups["quote"].Index).Count('\n')} is never closed";
    }

    [GeneratedRegex(
        @"^[ \t]*(export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?<quote>[""'])", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex QuotedValue();
}
