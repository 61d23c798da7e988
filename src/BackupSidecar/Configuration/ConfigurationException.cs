namespace BackupSidecar.Configuration;

/// <summary>
/// One thing that is wrong with the configuration: the setting, the problem in words, and a right example. Never holds the
/// value of a secret.
/// </summary>
internal sealed record ConfigurationFault(string Setting, string Problem, string? Example = null)
{
    public override string ToString() => Example is null ? $"{Setting}: {Problem}" : $"{Setting}: {Problem} Example: {Example}";
}

/// <summary>
/// The configuration cannot be used. Thrown once, with every fault that was found, before anything is touched. Ends the
/// program with exit code 2.
/// </summary>
internal sealed class ConfigurationException(IReadOnlyList<ConfigurationFault> faults)
    : Exception(string.Join('\n', faults))
{
    public IReadOnlyList<ConfigurationFault> Faults { get; } = faults;
}
