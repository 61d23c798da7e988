using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery.Connections;

/// <summary>backup.conn of a MySQL or MariaDB server. backup.database goes before the database that it names.</summary>
internal static class MysqlConnection
{
    private static readonly HashSet<string> Known = ["sslmode", "ssl-mode"];

    private static readonly Dictionary<string, string> Modes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["disable"] = "DISABLED",
        ["disabled"] = "DISABLED",
        ["allow"] = "PREFERRED",
        ["prefer"] = "PREFERRED",
        ["preferred"] = "PREFERRED",
        ["require"] = "REQUIRED",
        ["required"] = "REQUIRED",
        ["verify-ca"] = "VERIFY_CA",
        ["verify_ca"] = "VERIFY_CA",
        ["verify-full"] = "VERIFY_IDENTITY",
        ["verify_identity"] = "VERIFY_IDENTITY",
    };

    public static LabelledConnection Read(string conn, string? database)
    {
        var text = ConnectionText.Parse(conn, "mysql://", "mariadb://");
        var (kept, remarks) = LabelledConnection.Sift(text, Known, name => name == "socket" || name.StartsWith("ssl-c", StringComparison.Ordinal) || name == "ssl-key");
        var modes = kept.Select(pair => Modes.GetValueOrDefault(pair.Value) ?? throw new FormatException("its sslmode is none of disable, prefer, require, verify-ca, verify-full.")).ToList();
        text = text with { Path = database ?? text.Path, Parameters = [.. modes.TakeLast(1).Select(mode => KeyValuePair.Create("ssl-mode", mode))] };
        if (text.Servers.Contains(','))
            throw new FormatException("it names several hosts.");
        LabelledConnection.CheckHosts(text.Hosts);
        if (text.Path is "" or MysqlUri.AllDatabases)
            throw new FormatException("it names no database; one stands after the host, as in mysql://user:password@db:3306/shop, or in backup.database.");
        if (!MysqlUri.TryParse(text.ToString(), out _, out var problem))
            throw new FormatException(problem);
        return new LabelledConnection { Uri = new Secret(text.ToString()), Hosts = text.Hosts, Database = text.Path, Remarks = remarks };
    }
}
