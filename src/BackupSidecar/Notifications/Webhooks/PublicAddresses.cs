using System.Net;
using System.Net.Sockets;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>An address that somebody else chose leads to where only people of this network belong.</summary>
internal sealed class AddressRefusedException(string message) : Exception(message);

/// <summary>
/// Connects to public addresses and to no others: for URLs that a label supplied, which anybody may write who can start a container.
/// A name is resolved once, and the connection goes to the very address that was looked at, so that no second answer can slip in.
/// </summary>
/// <param name="resolve">Gives the addresses of a host name.</param>
internal sealed class PublicAddresses(Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>Networks that no public host is in: this host, private ones, link-local with the clouds' metadata, shared, documentation, multicast, reserved.</summary>
    private static readonly IPNetwork[] Closed =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>All that is given out to public hosts of version 6, and within it what stands for something else: Teredo, ORCHID, 6to4, documentation.</summary>
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] ClosedWithinGlobal = [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse)];

    public static PublicAddresses Default { get; } = new(Dns.GetHostAddressesAsync);

    /// <summary>What keeps a URL from being called on behalf of a label; null if nothing does so far. Its name is not resolved yet.</summary>
    public static string? Problem(Uri url) =>
        !url.IsAbsoluteUri || url.Scheme != Uri.UriSchemeHttps ? "it is not an https address."
        : IPAddress.TryParse(url.IdnHost, out var address) && !IsPublic(address) ? "it is an address of a private network."
        : null;

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? !Closed.Any(network => network.Contains(address))
            : Global.Contains(address) && !ClosedWithinGlobal.Any(network => network.Contains(address));
    }

    /// <exception cref="AddressRefusedException">The host has no public address.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(host.Host, out var literal) ? [literal] : await resolve(host.Host, cancellation);
        // One private address among public ones is a trap as well.
        if (addresses.Length == 0 || !addresses.All(IsPublic))
            throw new AddressRefusedException("leads into a private network, where an address from a label may not lead.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
