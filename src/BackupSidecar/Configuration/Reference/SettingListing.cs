using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Reference;

/// <summary>One line of <c>check</c>: a setting, what holds (masked if it must not be shown), and where that comes from.</summary>
internal sealed record SettingListing(string Name, string Value, string Origin)
{
    /// <summary>Every setting in the order of the table; one with numbered keys has a line for each that is given.</summary>
    public static IReadOnlyList<SettingListing> Of(SettingsReading reading) =>
        SettingTable.All.SelectMany(setting => Of(setting, reading)).ToList();

    private static IEnumerable<SettingListing> Of(Setting setting, SettingsReading reading) =>
        reading.Given.IsGiven(setting)
            ? reading.Given.Of(setting).Select(value =>
                new SettingListing(
                    value.Number == 0 ? setting.Name : $"{setting.Name}_{value.Number}",
                    setting.IsMasked ? "***" : Shown.Line(reading.Redactor.Redact(value.Text.Trim())),
                    value.Variable == setting.Name ? value.Origin : $"{value.Origin} ({value.Variable})"))
            : [new SettingListing(setting.Name, setting.Default ?? setting.DefaultNote ?? "", setting.Default is null && setting.DefaultNote is null ? "not set" : "default")];
}
