using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery.Connections;

/// <summary>backup.conn of a PostgreSQL server. It names the database; backup.database names it only where that does not.</summary>
internal static class PostgresConnection
{
    /// <summary>What libpq knows of any age; drivers of applications know more, which it would refuse.</summary>
    private static readonly HashSet<string> Known =
    [
        "user", "password", "dbname", "sslmode", "connect_timeout", "application_name", "fallback_application_name", "channel_binding", "target_session_attrs",
        "options", "client_encoding", "gssencmode", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "sslcompression", "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version",
    ];

    private static readonly HashSet<string> Forbidden =
    [
        "host", "hostaddr", "port", "passfile", "service", "servicefile", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir",
        "krbsrvname", "gsslib", "requirepeer",
    ];

    public static LabelledConnection Read(string conn, string? database)
    {
        var text = ConnectionText.Parse(conn, "postgresql://", "postgres://");
        var (kept, remarks) = LabelledConnection.Sift(text, Known, Forbidden.Contains);
        var named = text.Parameter("dbname") ?? text.Path;
        text = text with { Path = named.Length > 0 ? named : database ?? "", Parameters = [.. kept.Where(pair => pair.Key != "dbname")] };
        if (text.Path.Length == 0)
            throw new FormatException("it names no database; one stands after the host, as in postgresql://user:password@db:5432/shop.");
        if (text.Path == "*")
            throw new FormatException("it names all databases of the server; a label names one.");
        if (!PostgresUri.TryParse(text.ToString(), out var uri, out var problem))
            throw new FormatException(problem);
        var hosts = uri.Hosts.Select(server => server.Host).ToList();
        LabelledConnection.CheckHosts(hosts);
        return new LabelledConnection
        {
            Uri = new Secret(text.ToString()),
            Hosts = hosts,
            Database = uri.Database,
            Remarks = database is null || database == uri.Database ? remarks : [.. remarks, "backup.database names the files only: the database is that of backup.conn."],
        };
    }
}
