using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery.Connections;

/// <summary>backup.conn of a MongoDB server. backup.database goes before the database that it names, which then only knows the user.</summary>
internal static class MongodbConnection
{
    private const string AuthSource = "authSource";

    /// <summary>Others take keys from where the sidecar runs: its environment, its files, or the machine's own identity.</summary>
    private static readonly HashSet<string> Mechanisms = new(StringComparer.OrdinalIgnoreCase) { "DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "MONGODB-CR" };

    public static LabelledConnection Read(string conn, string? database)
    {
        var text = ConnectionText.Parse(conn, "mongodb+srv://", "mongodb://");
        var names = text.Parameters.Select(pair => pair.Key).ToHashSet();
        var (_, _) = LabelledConnection.Sift(text, names, name => name.EndsWith("File", StringComparison.OrdinalIgnoreCase) || name.StartsWith("proxy", StringComparison.OrdinalIgnoreCase));
        if (text.Parameters.Any(pair => pair.Key.Equals("authMechanism", StringComparison.OrdinalIgnoreCase) && !Mechanisms.Contains(pair.Value)))
            throw new FormatException($"its authMechanism is none of {string.Join(", ", Mechanisms)}, which are those that a label may ask for.");
        if (database is not null && database != text.Path)
            text = Of(text, database);
        LabelledConnection.CheckHosts(text.Hosts);
        if (!MongodbUri.TryParse(text.ToString(), out var uri, out var problem))
            throw new FormatException(problem);
        return new LabelledConnection { Uri = new Secret(text.ToString()), Hosts = text.Hosts, Database = uri.Database.Length > 0 ? uri.Database : null };
    }

    /// <summary>A user whose database the URI does not name is known in that of its path, or in "admin".</summary>
    private static ConnectionText Of(ConnectionText text, string database)
    {
        var knowsUser = text.Parameters.Any(pair => pair.Key.Equals(AuthSource, StringComparison.OrdinalIgnoreCase));
        var source = KeyValuePair.Create(AuthSource, text.Path.Length > 0 ? text.Path : "admin");
        return text with { Path = database, Parameters = text.User.Length > 0 && !knowsUser ? [.. text.Parameters, source] : text.Parameters };
    }
}
