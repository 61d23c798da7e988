using BackupSidecar.Configuration.Input;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Configuration.Reference;

/// <summary>One line of <c>check</c>: a setting, what holds (masked if it must not be shown), and where that comes from.</summary>
internal sealed record SettingListing(string Name, string Value, string Origin)
{
    /// <summary>Every setting in the order of the table; one with numbered keys has a line for each that is given.</summary>
    public static IReadOnlyList<SettingListing> Of(SettingsReading reading) =>
        SettingTable.All.SelectMany(setting => Of(setting, reading)).ToList();

    private static IEnumerable<SettingListing> Of(Setting setting, SettingsReading reading)
    {
        if (reading.Given.IsGiven(setting))
            return reading.Given.Of(setting).Select(value => Of(value, reading.Redactor));
        var holds = setting.Default ?? setting.DefaultNote;
        return [new SettingListing(setting.Name, holds ?? "", holds is null ? "not set" : "default")];
    }

    private static SettingListing Of(GivenValue value, Redactor redactor)
    {
        var name = value.Number == 0 ? value.Setting.Name : $"{value.Setting.Name}_{value.Number}";
        return new SettingListing(
            name,
            value.Setting.IsMasked ? "***" : Shown.Line(redactor.Redact(value.Text.Trim())),
            value.Variable == name ? value.Origin : $"{value.Origin} ({value.Variable})");
    }
}
