namespace BackupSidecar.Configuration.Values;

/// <summary>
/// A Redis or Valkey connection URI, as redis-cli and the scheme's registration read it; all parts are decoded. The number of a
/// database in its path is of no matter: a dump holds all of them. Parameters: cacert, cert, key (files of TLS).
/// </summary>
internal sealed record RedisUri
{
    public const string Example = "redis://:password@redis:6379";

    private static readonly string[] KnownParameters = ["cacert", "cert", "key"];

    public string User { get; private init; } = "";

    public Secret? Password { get; private init; }

    /// <summary>A host, or the path of a Unix socket.</summary>
    public string Host { get; private init; } = "";

    /// <summary>Empty for the usual one, 6379.</summary>
    public string Port { get; private init; } = "";

    public bool IsTls { get; private init; }

    /// <summary>Files of TLS: cacert, cert and key, those that are given.</summary>
    public IReadOnlyDictionary<string, string> TlsFiles { get; private init; } = new Dictionary<string, string>();

    /// <summary>The URI for people: without password and parameters.</summary>
    public string Display => UriText.Display(IsTls ? "rediss" : "redis", User, UriText.HostAndPort((Host, Port)), "").TrimEnd('/');

    /// <summary>Reads a URI. The problem, if there is one, quotes nothing of it.</summary>
    public static bool TryParse(string text, out RedisUri uri, out string problem) => UriText.TryParse(text, Parse, out uri, out problem);

    private static RedisUri Parse(string text)
    {
        var isTls = text.StartsWith("rediss:", StringComparison.Ordinal) || text.StartsWith("valkeys:", StringComparison.Ordinal);
        var (credentials, servers, behind) = UriText.Authority(UriText.AfterScheme(text, "redis://", "rediss://", "valkey://", "valkeys://"));
        // redis-cli takes a word alone for the password.
        var (user, password) = UriText.Credentials(credentials.Length > 0 && !credentials.Contains(':') ? ":" + credentials : credentials);
        var (host, port) = UriText.ParseHost(servers);
        var (path, query) = UriText.PathAndQuery(behind);
        var parameters = UriText.Parameters(query);
        // Not quoted: it may be what follows a '?' in a password.
        if (!parameters.Keys.All(KnownParameters.Contains))
            throw new FormatException($"it has a parameter that is not known; known are {string.Join(", ", KnownParameters)}.");
        if (host.Length == 0)
            throw new FormatException("it names no host.");
        if (!path.All(char.IsAsciiDigit))
            throw new FormatException("what follows its host is not the number of a database.");
        return new RedisUri
        {
            User = user,
            Password = string.IsNullOrEmpty(password) ? null : new Secret(password),
            Host = host,
            Port = port,
            IsTls = isTls,
            TlsFiles = parameters,
        };
    }
}
