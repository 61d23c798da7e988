using System.Net;
using System.Net.Sockets;

namespace BackupSidecar.Configuration.Values;

/// <summary>Addresses of servers that are spoken to over HTTP, and of the Docker engine. Messages quote nothing of them.</summary>
internal static class WebUri
{
    private static readonly string[] PrivateDomains = [".local", ".internal", ".lan", ".localhost"];

    public static bool TryParse(string text, out Uri uri) =>
        Uri.TryCreate(text, UriKind.Absolute, out uri!)
        && uri.Scheme is "http" or "https"
        && uri.Host.Length > 0
        && !text.Any(char.IsWhiteSpace);

    /// <summary>What is wrong with the address of an S3 server, or null.</summary>
    public static string? EndpointProblem(string text, out Uri uri)
    {
        if (!TryParse(text, out uri))
            return "it is not an address that begins with http:// or https://.";
        if (uri.UserInfo.Length > 0)
            return "it holds a user or a password; these stand in BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY.";
        if (uri.AbsolutePath != "/")
            return "it holds a path; the bucket stands in BACKUP_S3_BUCKET.";
        return text.AsSpan().IndexOfAny('?', '#') >= 0 ? "it holds a query or a fragment." : null;
    }

    /// <summary>What is wrong with the address of the Docker engine, or null.</summary>
    public static string? EngineProblem(string text, out Uri uri)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out uri!) || uri.Scheme is not ("unix" or "tcp" or "http" or "https"))
            return "it does not begin with unix://, tcp://, http:// or https://.";
        if (uri.Scheme == "unix")
            return uri.Host.Length == 0 && uri.AbsolutePath.Length > 1 ? null : "after unix:// stands the absolute path of the socket.";
        return uri.Host.Length == 0 ? "it names no host." : null;
    }

    /// <summary>Whether a host is this machine or stands in a private network, such as another service of a Compose stack.</summary>
    public static bool IsPrivate(Uri uri)
    {
        var host = uri.DnsSafeHost;
        if (!IPAddress.TryParse(host, out var address))
            return !host.Contains('.') || PrivateDomains.Any(end => host.EndsWith(end, StringComparison.OrdinalIgnoreCase));
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily is AddressFamily.InterNetworkV6)
            return IPAddress.IsLoopback(address) || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal;
        return address.GetAddressBytes() is [0 or 10 or 127, ..] or [169, 254, ..] or [192, 168, ..] or [172, >= 16 and <= 31, ..];
    }
}
