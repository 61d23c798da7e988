using System.Net;
using System.Net.Sockets;

namespace BackupSidecar.Docker;

/// <summary>
/// Where the engine listens, as DOCKER_HOST says it: how to connect there, and what to tell a person when that fails.
/// </summary>
internal sealed class DockerEndpoint
{
    private const int DefaultPort = 2375;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    private readonly Uri _host;
    private readonly string? _socketPath;

    public DockerEndpoint(Uri host)
    {
        _host = host;
        switch (host.Scheme)
        {
            case "unix" when host.Host.Length == 0:
                _socketPath = Uri.UnescapeDataString(host.AbsolutePath);
                break;
            case "tcp" or "http" when host.Host.Length > 0:
                BaseAddress = new UriBuilder("http", host.Host, Port(host)).Uri;
                break;
            case "https":
                Fault = $"DOCKER_HOST {this}: TLS to the Docker engine is not supported. Use its Unix socket, or a socket proxy on a " +
                    "private network (DOCKER_HOST=tcp://socket-proxy:2375).";
                break;
            default:
                Fault = $"DOCKER_HOST {this} cannot be used. Right are unix:///var/run/docker.sock (three slashes) and tcp://socket-proxy:2375.";
                break;
        }
    }

    /// <summary>What is wrong with the address, or null. It matters only to those who need an engine.</summary>
    public string? Fault { get; }

    /// <summary>Over a socket the host part is not used, but HTTP wants one.</summary>
    public Uri BaseAddress { get; } = new("http://docker");

    /// <summary>The address for people; a user name or password in it is left out.</summary>
    public override string ToString() =>
        _host.GetComponents(UriComponents.Scheme | UriComponents.HostAndPort | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A fresh handler that connects there and nowhere else: proxies of the environment are for the world outside.</summary>
    /// <param name="connected">Told of each connection that is made.</param>
    public SocketsHttpHandler CreateHandler(Action<Socket>? connected = null) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = ConnectLimit,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = await ConnectAsync(cancellation);
            connected?.Invoke(socket);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    /// <summary>Why no connection came about, and what to do about it.</summary>
    public string Explain(Exception error)
    {
        var reason = error.InnerException as SocketException;
        if (_socketPath is null)
            return $"{reason?.Message ?? error.Message}. Is the socket proxy up, and on a network of this container?";
        if (reason?.SocketErrorCode == SocketError.AccessDenied)
            return "Permission denied. Run as root, or give this container the group that owns the socket (group_add).";
        if (Directory.Exists(_socketPath))
            return "A directory is mounted there instead of a socket: the host has no socket at the path that is mounted.";
        if (!File.Exists(_socketPath))
            return $"There is no socket. Mount it (volumes: /var/run/docker.sock:{_socketPath}), or set DOCKER_HOST to a socket proxy.";
        return $"{reason?.Message ?? error.Message}. Is the Docker engine running?";
    }

    private static int Port(Uri host) => host.Port > 0 ? host.Port : DefaultPort;

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = _socketPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            EndPoint address = _socketPath is null
                ? new DnsEndPoint(BaseAddress.IdnHost, BaseAddress.Port)
                : new UnixDomainSocketEndPoint(_socketPath);
            await socket.ConnectAsync(address, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
