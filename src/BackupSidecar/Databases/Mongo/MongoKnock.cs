using System.Globalization;
using System.Net.Sockets;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Databases.Mongo;

/// <summary>Knocks at the ports of a server: all that can be seen of it without its tools.</summary>
internal static class MongoKnock
{
    private const int DefaultPort = 27017;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <exception cref="DatabaseException">Nobody listens at any of them.</exception>
    public static async Task RequireServerAsync(MongodbUri uri, CancellationToken cancellation)
    {
        var hosts = KnockableHosts(uri);
        if (hosts.Count == 0)
            return;
        var knocks = await Task.WhenAll(hosts.Select(host => KnockAsync(host, cancellation)));
        if (knocks.All(problem => problem is not null))
            throw new DatabaseException($"no server answers: {string.Join("; ", knocks)}");
    }

    /// <summary>None for <c>mongodb+srv</c>, whose hosts stand in the DNS, and none for sockets.</summary>
    private static List<(string Host, int Port)> KnockableHosts(MongodbUri uri) => uri.IsServerList
        ? []
        : [.. uri.Hosts.Where(server => !server.Host.StartsWith('/'))
            .Select(server => (server.Host, server.Port.Length > 0 ? int.Parse(server.Port, CultureInfo.InvariantCulture) : DefaultPort))];

    /// <summary>Null if somebody listens there, else what is wrong.</summary>
    private static async Task<string?> KnockAsync((string Host, int Port) address, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port, limit.Token);
            return null;
        }
        catch (SocketException error)
        {
            return $"{address.Host}:{address.Port} {error.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{address.Host}:{address.Port} did not answer within {ConnectTimeout.TotalSeconds} s";
        }
    }
}
