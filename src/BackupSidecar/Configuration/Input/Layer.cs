using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Input;

/// <summary>One place that variables come from: the environment, or the configuration file.</summary>
/// <param name="Name">As in "environment" or "file /config/backup.env".</param>
/// <param name="Variables">Their names and values as they stand there.</param>
/// <param name="IsQuoted">Whether quotes around a value may still be there, because nobody took them away.</param>
internal sealed record Layer(string Name, IReadOnlyDictionary<string, string> Variables, bool IsQuoted)
{
    /// <summary>The value of a variable as it stands there, or null where it is not set or says nothing.</summary>
    public string? Find(string variable)
    {
        if (!Variables.TryGetValue(variable, out var text))
            return null;
        var said = IsQuoted && QuotedText.TryUnwrap(text.Trim(), out var unwrapped) ? unwrapped : text;
        return string.IsNullOrWhiteSpace(said) ? null : text;
    }
}
