using System.Buffers;

namespace BackupSidecar.Configuration.Values;

/// <summary>A MongoDB connection string, read as its specification says. All parts are decoded.</summary>
internal sealed record MongodbUri
{
    public const string Example = "mongodb://user:password@mongo:27017/shop?authSource=admin";

    private const string ServerList = "mongodb+srv://";

    private static readonly SearchValues<char> NotInDatabases = SearchValues.Create("/\\. \"$");

    public string User { get; private init; } = "";

    public Secret? Password { get; private init; }

    public IReadOnlyList<(string Host, string Port)> Hosts { get; private init; } = [];

    /// <summary>Empty where the URI names none: then all databases are meant.</summary>
    public string Database { get; private init; } = "";

    /// <summary>Whether the servers are looked up in the domain's SRV records.</summary>
    public bool IsServerList { get; private init; }

    /// <summary>The URI for people: without password and parameters.</summary>
    public string Display => UriText.Display(
        IsServerList ? "mongodb+srv" : "mongodb", User, string.Join(',', Hosts.Select(UriText.HostAndPort)), Database);

    /// <summary>Reads a URI. The problem, if there is one, quotes nothing of it.</summary>
    public static bool TryParse(string text, out MongodbUri uri, out string problem) => UriText.TryParse(text, Parse, out uri, out problem);

    private static MongodbUri Parse(string text)
    {
        var isServerList = text.StartsWith(ServerList, StringComparison.Ordinal);
        var (credentials, servers, behind) = UriText.Authority(UriText.AfterScheme(text, ServerList, "mongodb://"));
        var (user, password) = UriText.Credentials(credentials);
        var hosts = servers.Split(',').Select(UriText.ParseHost).ToList();
        if (hosts.Any(server => server.Host.Length == 0))
            throw new FormatException("it names no host, or an empty one.");
        if (isServerList && (hosts.Count > 1 || hosts[0].Port.Length > 0))
            throw new FormatException("mongodb+srv:// takes one host and no port.");
        var (path, query) = UriText.PathAndQuery(behind);
        _ = UriText.Parameters(query);
        return new MongodbUri
        {
            User = user,
            Password = string.IsNullOrEmpty(password) ? null : new Secret(password),
            Hosts = hosts,
            Database = CheckedDatabase(UriText.Decode(path)),
            IsServerList = isServerList,
        };
    }

    private static string CheckedDatabase(string name) =>
        name.AsSpan().IndexOfAny(NotInDatabases) < 0
            ? name
            : throw new FormatException("the database's name holds a character that MongoDB does not allow there: / \\ . \" $ or a blank.");
}
