namespace BackupSidecar.Configuration.Values;

/// <summary>
/// A PostgreSQL connection URI, read exactly as libpq reads it, so that what we call a database is what its tools connect to.
/// All parts are decoded.
/// </summary>
internal sealed record PostgresUri
{
    public const string Example = "postgresql://user:password@db:5432/shop";

    public string User { get; private init; } = "";

    public Secret? Password { get; private init; }

    /// <summary>Host and port of each server, as written; both may be empty. A host that begins with '/' is a socket's folder.</summary>
    public IReadOnlyList<(string Host, string Port)> Hosts { get; private init; } = [];

    /// <summary>Empty where the URI names none.</summary>
    public string Database { get; private init; } = "";

    public IReadOnlyDictionary<string, string> Parameters { get; private init; } = new Dictionary<string, string>();

    /// <summary>The URI for people: without password and parameters.</summary>
    public string Display =>
        UriText.Display("postgresql", User, string.Join(',', Hosts.Select(UriText.HostAndPort)), Database);

    /// <summary>The same, for another database.</summary>
    public PostgresUri WithDatabase(string name) => this with { Database = name };

    /// <summary>Reads a URI. The problem, if there is one, quotes nothing of it.</summary>
    public static bool TryParse(string text, out PostgresUri uri, out string problem) => UriText.TryParse(text, Parse, out uri, out problem);

    private static PostgresUri Parse(string text)
    {
        var rest = UriText.AfterScheme(text, "postgresql://", "postgres://");

        // libpq takes what stands before the first '@' as user and password if no '/' comes before it.
        var (user, password) = ("", (string?)null);
        var at = rest.IndexOf('@');
        if (at >= 0 && !rest[..at].Contains('/'))
        {
            (user, password) = UriText.Credentials(rest[..at]);
            rest = rest[(at + 1)..];
        }

        // What is left of an unescaped '@' or '/' of a password would be taken for a host, and shown as one.
        if (rest.Split('?')[0].Contains('@'))
            throw new FormatException(UriText.Unescaped);
        var end = rest.IndexOfAny(['/', '?']) is var found and >= 0 ? found : rest.Length;
        var hosts = rest[..end].Split(',').Select(UriText.ParseHost).ToList();
        var (path, query) = UriText.PathAndQuery(rest[end..]);
        var pairs = query.EndsWith('&') ? query[..^1] : query;
        if (query.Length > 0 && pairs.Split('&').Any(pair => pair.Count(c => c == '=') != 1))
            throw new FormatException("a parameter after '?' is not of the form name=value; a '=' in the value is written %3D.");
        var parameters = UriText.Parameters(query);
        if (parameters.ContainsKey("sslpassword"))
            throw new FormatException("it has the parameter sslpassword, which would show in the list of processes; use a client key without a passphrase.");
        return new PostgresUri
        {
            User = parameters.GetValueOrDefault("user", user),
            Password = parameters.GetValueOrDefault("password", password ?? "") is { Length: > 0 } secret ? new Secret(secret) : null,
            Hosts = Servers(hosts, parameters),
            Database = parameters.GetValueOrDefault("dbname", UriText.Decode(path)),
            Parameters = parameters,
        };
    }

    private static List<(string Host, string Port)> Servers(
        List<(string Host, string Port)> written, Dictionary<string, string> parameters)
    {
        if (!parameters.TryGetValue("host", out var host) && !parameters.ContainsKey("port"))
            return written;
        var hosts = host is null ? written.Select(server => server.Host).ToList() : [.. host.Split(',')];
        var ports = parameters.TryGetValue("port", out var port) ? port.Split(',') : [.. written.Select(server => server.Port)];
        if (ports.Length != 1 && ports.Length != hosts.Count)
            throw new FormatException("it has neither one port for all hosts nor one for each.");
        if (!ports.All(UriText.IsPort))
            throw new FormatException("a port among its parameters is not a number from 1 to 65535.");
        return hosts.Select((name, i) => (name, ports[ports.Length == 1 ? 0 : i])).ToList();
    }
}
