using System.Globalization;

namespace BackupSidecar.Configuration.Input;

/// <summary>
/// What the name of a variable means: a setting, which of its numbered keys (0 for the plain one), and whether it holds the
/// value or names a file that does.
/// </summary>
internal readonly record struct Variable(Setting Setting, int Number, bool IsFile)
{
    private const string FileSuffix = "_FILE";

    public static bool TryParse(string name, out Variable variable)
    {
        variable = default;
        if (TryParseKey(name, out var setting, out var number))
            variable = new Variable(setting, number, IsFile: false);
        else if (name.EndsWith(FileSuffix, StringComparison.Ordinal)
            && TryParseKey(name[..^FileSuffix.Length], out setting, out number)
            && setting.HasFileTwin)
            variable = new Variable(setting, number, IsFile: true);
        return variable.Setting is not null;
    }

    private static bool TryParseKey(string name, out Setting setting, out int number)
    {
        number = 0;
        if (SettingTable.ByName.TryGetValue(name, out setting!))
            return true;
        var mark = name.LastIndexOf('_');
        return mark > 0
            && SettingTable.ByName.TryGetValue(name[..mark], out setting!)
            && setting.IsNumbered
            && name.Length - mark <= 10
            && int.TryParse(name.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number > 0;
    }
}
