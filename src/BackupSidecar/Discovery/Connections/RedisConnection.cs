using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery.Connections;

/// <summary>
/// backup.conn of a Redis or Valkey server: a URI, or <c>host:port</c>, or <c>password@host:port</c> with the password as it is. The
/// number of a database names the files only: a dump holds all of them.
/// </summary>
internal static class RedisConnection
{
    private static readonly HashSet<string> Files = ["cacert", "cert", "key"];

    public static LabelledConnection Read(string conn, string? database)
    {
        var text = ConnectionText.Parse(conn.Contains("://", StringComparison.Ordinal) ? conn : WithScheme(conn), "redis://", "rediss://", "valkey://", "valkeys://");
        var (_, remarks) = LabelledConnection.Sift(text, new HashSet<string>(), Files.Contains);
        text = text with { Parameters = [] };
        LabelledConnection.CheckHosts(text.Hosts);
        if (!RedisUri.TryParse(text.ToString(), out _, out var problem))
            throw new FormatException(problem);
        return new LabelledConnection { Uri = new Secret(text.ToString()), Hosts = text.Hosts, Database = database ?? (text.Path.Length > 0 ? text.Path : null), Remarks = remarks };
    }

    private static string WithScheme(string conn)
    {
        if (conn.LastIndexOf('@') is not (var at and >= 0))
            return "redis://" + conn;
        var credentials = conn[..at].Split(':', 2);
        var (user, password) = credentials.Length == 1 ? ("", credentials[0]) : (credentials[0], credentials[1]);
        return $"redis://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@{conn[(at + 1)..]}";
    }
}
