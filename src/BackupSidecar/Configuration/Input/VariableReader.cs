using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Input;

/// <summary>
/// Takes the value out of a variable, or out of the file that it names. Where that fails there is a fault, and the value is
/// empty: something was said, though nobody knows what.
/// </summary>
internal sealed class VariableReader(Func<string, FileReading> files, Findings findings)
{
    /// <summary>Swarm and Compose mount secrets here, readable by all, and the operator cannot change that.</summary>
    private const string EngineSecrets = "/run/secrets/";

    public GivenValue Read(Layer layer, Setting setting, string variable, bool isFile)
    {
        var text = layer.Variables[variable];
        if (isFile)
            return FromFile(setting, variable, text.Trim().Trim('"', '\''));
        return new GivenValue(setting, 0, variable, layer.IsQuoted ? WithoutQuotes(setting, variable, text) : text, layer.Name);
    }

    public static string NumberThem(Setting setting) => $" To give several, number them: {setting.Name}_1=…, {setting.Name}_2=…";

    private GivenValue FromFile(Setting setting, string variable, string path)
    {
        // Not shown, because people put the secret itself there.
        if (!path.StartsWith('/'))
        {
            findings.Fault(
                variable, $"it is not the absolute path of a file; the value itself would stand in {setting.Name}.", EngineSecrets + "name");
            return new GivenValue(setting, 0, variable, "", "file");
        }

        var reading = files(path);
        var text = WithoutLineEnd(reading.Text ?? "");
        if (string.IsNullOrWhiteSpace(text))
            findings.Fault(variable, $"the file {Shown.Quote(path)} {reading.Problem ?? "is empty"}.");
        if (reading.IsReadableByOthers && setting.IsSecret && !path.StartsWith(EngineSecrets, StringComparison.Ordinal))
            findings.Warn($"{variable}: every user may read the file {Shown.Quote(path)}; take that right away (chmod o-r).");
        return new GivenValue(setting, 0, variable, text, $"file {path}");
    }

    private string WithoutQuotes(Setting setting, string variable, string text)
    {
        // Blanks are a part of a passphrase, and so is a quote at its end.
        var isSecret = setting.Kind is SettingKind.Secret;
        var value = isSecret ? text : text.Trim();
        // SQL may well end in a text.
        var mayEndInQuote = setting.Kind is SettingKind.Secret or SettingKind.Sql;
        if (QuotedText.IsOpened(value) || (!mayEndInQuote && QuotedText.IsClosed(value)))
        {
            findings.Fault(variable, Unbalanced(setting));
            return "";
        }

        if (!QuotedText.TryUnwrap(value, out var unwrapped))
            return value;
        if (isSecret)
            findings.Note($"{variable}: the quotes around the value are not taken as a part of it.");
        return unwrapped;
    }

    private static string Unbalanced(Setting setting) =>
        "it holds a quote without its counterpart. 'docker run --env-file' cuts a value of several lines after the first. "
        + "Write it in one line without quotes."
        + (setting.IsNumbered ? NumberThem(setting) : "")
        + (setting.HasFileTwin ? $" Or put it into a file, and name that in {setting.Name}_FILE." : "");

    private static string WithoutLineEnd(string text) => text switch
    {
        [.., '\r', '\n'] => text[..^2],
        [.., '\n'] => text[..^1],
        _ => text,
    };
}
