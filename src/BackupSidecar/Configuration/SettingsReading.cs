using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Configuration;

/// <summary>What a command needs of the settings: all of them, or, to list, restore, prune and tell the health, none of the sources.</summary>
internal enum SettingsScope
{
    Everything,
    StoresOnly,
}

/// <summary>The outcome of reading the settings: they themselves or everything that is wrong with them, and where each came from.</summary>
internal sealed record SettingsReading
{
    /// <summary>Null if there is any fault.</summary>
    public required Settings? Settings { get; init; }

    /// <summary>What services are started again with that a killed run had stopped, whatever else is wrong; null if that is itself.</summary>
    public required (PathSettings Paths, ServiceSettings Services, LogSettings Log)? ForServices { get; init; }

    public required IReadOnlyList<ConfigurationFault> Faults { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<string> Notices { get; init; }

    public required GivenSettings Given { get; init; }

    /// <summary>Knows every secret that was read, whether or not the settings can be used.</summary>
    public required Redactor Redactor { get; init; }
}
