namespace BackupSidecar.Configuration;

/// <summary>How a setting's text is read. The words are what the docs say of it.</summary>
internal enum SettingKind
{
    Text,
    Secret,
    SecretUrl,
    Url,
    Path,
    Flag,
    Integer,
    Duration,
    Period,
    Size,
    Percentage,
    Choice,
    Names,
    NamedPaths,
    DatabaseUris,
    Sql,
    Command,
}

/// <summary>One row of the table of settings: all that parsing, <c>check</c>, the docs and the example file know of a setting.</summary>
internal sealed record Setting(string Section, string Name, SettingKind Kind, string Help)
{
    /// <summary>What holds if nothing is said, as the operator would write it; null if there is nothing, or it depends.</summary>
    public string? Default { get; init; }

    /// <summary>Says in words what holds by default, where no single value can.</summary>
    public string? DefaultNote { get; init; }

    /// <summary>A right value, for error messages and the example file.</summary>
    public string? Example { get; init; }

    /// <summary>Whether the example file sets it, rather than show it in a comment.</summary>
    public bool IsSetInExample { get; init; }

    /// <summary>The bounds of a number, a size or a percentage, or of the seconds of a duration.</summary>
    public long Minimum { get; init; }

    public long Maximum { get; init; } = int.MaxValue;

    /// <summary>The words of a choice, in the spelling that the docs use.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether <c>NAME_1</c>, <c>NAME_2</c> … add to it: a value of several lines does not survive every way of passing it.</summary>
    public bool IsNumbered { get => field || Kind is SettingKind.NamedPaths or SettingKind.DatabaseUris or SettingKind.Sql; init; }

    /// <summary>Whether <c>NAME_FILE</c> names a file that holds the value. Variables that other programs share have no twin.</summary>
    public bool HasFileTwin =>
        Name.StartsWith("BACKUP_", StringComparison.Ordinal) && !Name.EndsWith("_FILE", StringComparison.Ordinal);

    /// <summary>Whether the value must not be shown. Commands count too: people write tokens into them.</summary>
    public bool IsMasked => IsSecret || Kind is SettingKind.Command;

    public bool IsSecret => Kind is SettingKind.Secret or SettingKind.SecretUrl or SettingKind.DatabaseUris;
}
