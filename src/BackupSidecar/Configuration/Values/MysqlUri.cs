namespace BackupSidecar.Configuration.Values;

/// <summary>
/// A MySQL or MariaDB connection URI. Their tools know no URIs, so this is ours, after the form that MySQL's connectors share;
/// all parts are decoded. Parameters: socket, ssl-mode, ssl-ca, ssl-cert, ssl-key.
/// </summary>
internal sealed record MysqlUri
{
    public const string Example = "mysql://user:password@db:3306/shop";

    /// <summary>In place of a database: all of them.</summary>
    public const string AllDatabases = "*";

    private static readonly string[] KnownParameters = ["socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"];
    private static readonly string[] TlsModes = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

    public string User { get; private init; } = "";

    public Secret? Password { get; private init; }

    /// <summary>Empty where a socket is used.</summary>
    public string Host { get; private init; } = "";

    /// <summary>Empty for the usual one, 3306.</summary>
    public string Port { get; private init; } = "";

    /// <summary>Path of a Unix socket, or empty.</summary>
    public string Socket { get; private init; } = "";

    /// <summary>Empty where all databases are meant.</summary>
    public string Database { get; private init; } = "";

    /// <summary>DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY, as MySQL's clients call them.</summary>
    public string TlsMode { get; private init; } = "PREFERRED";

    /// <summary>Files of TLS: ssl-ca, ssl-cert and ssl-key, those that are given.</summary>
    public IReadOnlyDictionary<string, string> TlsFiles { get; private init; } = new Dictionary<string, string>();

    /// <summary>The URI for people: without password and parameters.</summary>
    public string Display => UriText.Display("mysql", User, Host.Length > 0 ? UriText.HostAndPort((Host, Port)) : "", Database);

    /// <summary>Reads a URI. The problem, if there is one, quotes nothing of it.</summary>
    public static bool TryParse(string text, out MysqlUri uri, out string problem) => UriText.TryParse(text, Parse, out uri, out problem);

    private static MysqlUri Parse(string text)
    {
        var (credentials, servers, behind) = UriText.Authority(UriText.AfterScheme(text, "mysql://", "mariadb://"));
        var (user, password) = UriText.Credentials(credentials);
        var (host, port) = UriText.ParseHost(servers);
        var (path, query) = UriText.PathAndQuery(behind);
        var parameters = UriText.Parameters(query);
        var socket = parameters.GetValueOrDefault("socket", host.StartsWith('/') ? host : "");
        // Not quoted: it may be what follows a '?' in a password.
        if (!parameters.Keys.All(KnownParameters.Contains))
            throw new FormatException($"it has a parameter that is not known; known are {string.Join(", ", KnownParameters)}.");
        var mode = parameters.GetValueOrDefault("ssl-mode", parameters.ContainsKey("ssl-ca") ? "VERIFY_CA" : "PREFERRED").ToUpperInvariant();
        if (!TlsModes.Contains(mode))
            throw new FormatException($"its ssl-mode is none of {string.Join(", ", TlsModes)}.");
        if (user.Length == 0)
            throw new FormatException("it names no user.");
        if (host.Length == 0 && socket.Length == 0)
            throw new FormatException("it names no host.");
        var database = UriText.Decode(path);
        if (database.Contains('/'))
            throw new FormatException("a '/' in the database's name is written %2F.");
        return new MysqlUri
        {
            User = user,
            Password = string.IsNullOrEmpty(password) ? null : new Secret(password),
            Host = socket.Length > 0 ? "" : host,
            Port = port,
            Socket = socket,
            Database = database == AllDatabases ? "" : database,
            TlsMode = mode,
            TlsFiles = parameters.Where(each => each.Key is "ssl-ca" or "ssl-cert" or "ssl-key").ToDictionary(),
        };
    }
}
