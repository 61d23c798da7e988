using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Discovery;

/// <summary>
/// A connection URI taken apart as Label Backup takes it apart: the last '@' of the part before the path ends user and password, so
/// that a password may hold '@' and ':' as they are. Put together again, everything in it is percent-encoded. Messages quote nothing of it.
/// </summary>
internal sealed record ConnectionText
{
    /// <summary>As in "postgresql".</summary>
    public required string Scheme { get; init; }

    public string User { get; init; } = "";

    /// <summary>Null where there is none.</summary>
    public string? Password { get; init; }

    /// <summary>Hosts with their ports, as they were written.</summary>
    public required string Servers { get; init; }

    /// <summary>What follows the first '/' after the servers, decoded.</summary>
    public string Path { get; init; } = "";

    /// <summary>Names and values, decoded, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];

    /// <summary>The hosts, decoded, without ports.</summary>
    public IReadOnlyList<string> Hosts => [.. Servers.Split(',').Select(server => UriText.ParseHost(server).Host)];

    /// <exception cref="FormatException">It has none of these schemes, or a part of it cannot be read.</exception>
    public static ConnectionText Parse(string text, params ReadOnlySpan<string> schemes)
    {
        var rest = UriText.AfterScheme(text, schemes);
        var scheme = text[..(text.Length - rest.Length - "://".Length)];
        rest = rest.Split('#', 2)[0];
        var (address, query) = rest.IndexOf('?') is var question and >= 0 ? (rest[..question], rest[(question + 1)..]) : (rest, "");
        var (authority, path) = address.IndexOf('/') is var slash and >= 0 ? (address[..slash], address[(slash + 1)..]) : (address, "");
        var (credentials, servers) = authority.LastIndexOf('@') is var at and >= 0 ? (authority[..at], authority[(at + 1)..]) : ("", authority);
        // What is left of a '/', '?' or '#' in a password would be taken for a database, and shown as one.
        if (rest.AsSpan(authority.Length).Contains('@') || text.AsSpan(text.IndexOf('#') is var mark and >= 0 ? mark : text.Length).Contains('@'))
            throw new FormatException(UriText.Unescaped);
        var (user, password) = UriText.Credentials(credentials);
        return new ConnectionText
        {
            Scheme = scheme,
            User = user,
            Password = password,
            Servers = servers,
            Path = UriText.Decode(path),
            Parameters = [.. query.Split('&').Where(pair => pair.Length > 0).Select(Pair)],
        };
    }

    public string? Parameter(string name) =>
        Parameters.Where(pair => pair.Key == name).Select(pair => pair.Value).LastOrDefault();

    /// <summary>Put together again.</summary>
    public override string ToString()
    {
        var credentials = Encoded(User) + (Password is null ? "" : ":" + Encoded(Password));
        var query = string.Join('&', Parameters.Select(pair => $"{Encoded(pair.Key)}={Encoded(pair.Value)}"));
        return $"{Scheme}://{credentials}{(credentials.Length > 0 ? "@" : "")}{Servers}/{Encoded(Path)}{(query.Length > 0 ? "?" : "")}{query}";
    }

    private static KeyValuePair<string, string> Pair(string text)
    {
        var parts = text.Split('=', 2);
        return KeyValuePair.Create(UriText.Decode(parts[0]), parts.Length > 1 ? UriText.Decode(parts[1]) : "");
    }

    private static string Encoded(string text) => Uri.EscapeDataString(text);
}
