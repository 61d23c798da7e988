using System.Text;

namespace BackupSidecar.Configuration.Reference;

/// <summary>
/// The text of <c>.env.example</c>: every setting with its help, in a comment unless a first backup wants it set. Values
/// carry no quotes, because <c>docker run --env-file</c> would take them as a part of the value.
/// </summary>
internal static class EnvExample
{
    private const string Head = """
        # All settings of backup-sidecar. Copy this file to .env and change what you need; lines that begin with '#' are comments.
        # Values stand without quotes, one line each; only a value with a '$' or a ' #' in it stands in single quotes, because
        # Compose would read these itself. Instead of NAME, NAME_FILE may name a file that holds the value.
        # Entries of a list are separated by commas, or stand in variables of their own: BACKUP_POSTGRES_1, BACKUP_POSTGRES_2 and so on.

        """;

    public static string Render()
    {
        var page = new StringBuilder(Head);
        foreach (var section in SettingTable.All.GroupBy(setting => setting.Section))
        {
            page.Append($"\n### {section.Key}\n");
            foreach (var setting in section)
            {
                page.Append("\n# ").Append(setting.Help).Append('\n').Append(setting.IsSetInExample ? "" : "#")
                    .Append(setting.Name).Append('=').Append(setting.Example ?? setting.Default).Append('\n');
            }
        }

        return page.ToString();
    }
}
