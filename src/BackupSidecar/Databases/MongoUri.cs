using System.Globalization;

namespace BackupSidecar.Databases;

/// <summary>The parts of a MongoDB URI that we need; the tools read the whole.</summary>
internal static class MongoUri
{
    private const string Scheme = "mongodb://";
    private const int DefaultPort = 27017;

    /// <summary>Hosts and ports; none for <c>mongodb+srv</c>, whose hosts stand in the DNS, and none for sockets.</summary>
    public static IReadOnlyList<(string Host, int Port)> Hosts(string uri) =>
        !uri.StartsWith(Scheme, StringComparison.Ordinal)
            ? []
            : Authority(uri)
                .Split(',')
                .Where(host => host.Length > 0 && !host.Contains('%'))
                .Select(ParseHost)
                .ToList();

    /// <summary>The database in the path, or null.</summary>
    public static string? Database(string uri)
    {
        var rest = AfterAuthority(uri);
        var path = rest.StartsWith('/') ? rest[1..].Split('?')[0] : "";
        return path.Length > 0 ? Uri.UnescapeDataString(path) : null;
    }

    private static string Authority(string uri)
    {
        var rest = AfterScheme(uri);
        var authority = rest[..^AfterAuthority(uri).Length];
        return authority[(authority.LastIndexOf('@') + 1)..];
    }

    /// <summary>From the '/' or '?' on that ends the list of hosts. A well-encoded URI has neither in its user or password.</summary>
    private static string AfterAuthority(string uri)
    {
        var rest = AfterScheme(uri);
        var end = rest.IndexOfAny(['/', '?']);
        return end < 0 ? "" : rest[end..];
    }

    private static string AfterScheme(string uri)
    {
        var end = uri.IndexOf("://", StringComparison.Ordinal);
        return end < 0 ? uri : uri[(end + 3)..];
    }

    private static (string Host, int Port) ParseHost(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > text.LastIndexOf(']')
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and < 65536
            ? (text[..colon].Trim('[', ']'), port)
            : (text.Trim('[', ']'), DefaultPort);
    }
}
