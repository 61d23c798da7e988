using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery.Connections;

/// <summary>
/// What backup.conn and backup.database come to: where the database's tools connect to. Labels name servers on the network and
/// nothing else: no file, no socket, no service of a configuration file, no key of ours.
/// </summary>
internal sealed record LabelledConnection
{
    /// <summary>For the tools of the engine; never shown.</summary>
    public required Secret Uri { get; init; }

    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>The name of the database, or null where none is given.</summary>
    public string? Database { get; init; }

    /// <summary>What a person should know, as in "its parameter 'schema' is passed over."</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <param name="kind">"postgres", "mysql", "mongodb" or "redis".</param>
    /// <param name="conn">backup.conn; empty only for Redis, where the container itself is meant.</param>
    /// <param name="database">backup.database, or null.</param>
    /// <param name="container">Its name.</param>
    /// <exception cref="FormatException">It cannot be used. The message quotes nothing of it.</exception>
    public static LabelledConnection Read(string kind, string conn, string? database, string container) => kind switch
    {
        "postgres" => PostgresConnection.Read(conn, database),
        "mysql" => MysqlConnection.Read(conn, database),
        "mongodb" => MongodbConnection.Read(conn, database),
        _ => RedisConnection.Read(conn.Length > 0 ? conn : container, database),
    };

    /// <exception cref="FormatException">A host is missing, or is no server on the network.</exception>
    public static void CheckHosts(IReadOnlyList<string> hosts)
    {
        if (hosts.Any(host => host.Length == 0))
            throw new FormatException("it names no host, or an empty one.");
        // libpq takes '@' for a socket without a file, and the tools of MongoDB a host with this ending for a socket.
        if (hosts.Any(host => host.StartsWith('/') || host.StartsWith('@') || host.EndsWith(".sock", StringComparison.OrdinalIgnoreCase)))
            throw new FormatException("it names a socket; labels may name servers on the network only.");
        if (!hosts.All(host => host.All(c => char.IsLetterOrDigit(c) || ".-_:".Contains(c))))
            throw new FormatException("its host holds a character that no name of a host has; or " + UriText.Unescaped);
    }

    /// <summary>The parameters that are known; others are passed over with a remark each.</summary>
    /// <exception cref="FormatException">One of them names a file, or leads elsewhere.</exception>
    public static (IReadOnlyList<KeyValuePair<string, string>> Kept, IReadOnlyList<string> Remarks) Sift(
        ConnectionText text, IReadOnlySet<string> known, Func<string, bool> isForbidden)
    {
        if (text.Parameters.FirstOrDefault(pair => isForbidden(pair.Key)) is { Key: { } forbidden })
            throw new FormatException($"its parameter {forbidden} may not stand in a label: it names a file or another server. Name this database in a setting of the sidecar instead.");
        var kept = text.Parameters.ToLookup(pair => known.Contains(pair.Key));
        return ([.. kept[true]], [.. kept[false].Select(pair => $"its parameter {Shown.Quote(pair.Key)} is passed over.")]);
    }
}
