namespace BackupSidecar.Configuration;

/// <summary>What was found while the settings were read: all faults, and what a person should know though it works.</summary>
internal sealed class Findings
{
    private readonly List<ConfigurationFault> _faults = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _notices = [];

    public IReadOnlyList<ConfigurationFault> Faults => _faults;

    /// <summary>A person should look.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Worth one line: a name of another tool's was understood, or something was passed over.</summary>
    public IReadOnlyList<string> Notices => _notices;

    public void Fault(string setting, string problem, string? example = null) =>
        _faults.Add(new ConfigurationFault(setting, problem, string.IsNullOrEmpty(example) ? null : example));

    public void Warn(string warning) => _warnings.Add(warning);

    public void Note(string notice) => _notices.Add(notice);
}
