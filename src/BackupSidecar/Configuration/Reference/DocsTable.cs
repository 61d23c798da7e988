using System.Text;

namespace BackupSidecar.Configuration.Reference;

/// <summary>The reference of all settings as it stands in the README: one Markdown table per section.</summary>
internal static class DocsTable
{
    public static string Render()
    {
        var page = new StringBuilder();
        foreach (var section in SettingTable.All.GroupBy(setting => setting.Section))
        {
            page.Append(page.Length > 0 ? "\n" : "")
                .Append("### ").Append(section.Key).Append("\n\n")
                .Append("| Setting | Default | What it says |\n|---|---|---|\n");
            foreach (var setting in section)
                page.Append($"| `{setting.Name}` | {Default(setting)} | {Help(setting).Replace("|", "\\|")} |\n");
        }

        return page.ToString();
    }

    private static string Default(Setting setting) =>
        setting.Default is { } text ? $"`{text}`" : setting.DefaultNote ?? "";

    private static string Help(Setting setting) => setting.Kind switch
    {
        SettingKind.Choice => $"{setting.Help} One of {string.Join(", ", setting.Choices.Select(choice => $"`{choice}`"))}.",
        SettingKind.DatabaseUris or SettingKind.NamedPaths =>
            $"{setting.Help} Several: on lines of their own, separated by commas, or as `{setting.Name}_1`, `{setting.Name}_2`, …",
        _ when setting.IsNumbered => $"{setting.Help} Several: as `{setting.Name}_1`, `{setting.Name}_2`, …",
        _ => setting.Help,
    };
}
