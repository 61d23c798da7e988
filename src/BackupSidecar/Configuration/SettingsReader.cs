using BackupSidecar.Configuration.Input;

namespace BackupSidecar.Configuration;

/// <summary>
/// Reads everything that the operator said and checks it. All faults are found in one go; nothing is touched but the files
/// that the settings name as holding values.
/// </summary>
/// <param name="files">How such a file is read; <see cref="FileReading.Of(string)"/> but in tests.</param>
internal sealed class SettingsReader(Func<string, FileReading> files)
{
    public SettingsReading Read(IReadOnlyDictionary<string, string> environment, SettingsScope scope)
    {
        var findings = new Findings();
        var given = new SettingCollector(files, findings).Collect(environment);
        var settings = new SettingsParts(given, findings).Build(scope);
        return new SettingsReading
        {
            Settings = findings.Faults.Count == 0 ? settings : null,
            ForServices = findings.Faults.Any(fault => fault.Setting == SettingTable.StateDirectory.Name || fault.Setting == SettingTable.DockerHost.Name)
                ? null
                : (settings.Paths, settings.Services, settings.Log),
            Faults = findings.Faults,
            Warnings = findings.Warnings,
            Notices = findings.Notices,
            Given = given,
            Redactor = Redactor.Of(given.All),
        };
    }
}
