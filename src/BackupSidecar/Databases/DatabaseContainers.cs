using System.Net;
using System.Net.Sockets;
using BackupSidecar.Configuration;
using BackupSidecar.Docker;

namespace BackupSidecar.Databases;

/// <summary>
/// Finds the container that a host name of a database's URI stands for: the one that the name resolves to here, else the one
/// of that service in our own Compose project, else the one of exactly that name.
/// </summary>
internal sealed class DatabaseContainers(DockerEngine engine, ServiceSettings settings, string? ownContainer)
{
    /// <summary>The running container; null if there is none, or more than one could be meant.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<ContainerSummary?> FindAsync(string host, CancellationToken cancellation)
    {
        if (host.Length == 0 || host.StartsWith('/'))
            return null;
        var containers = await engine.ListContainersAsync(cancellation);
        var running = containers.Where(container => container.State == "running").ToList();
        var addresses = await AddressesAsync(host, cancellation);
        if (running.Where(container => HasAddress(container, addresses)).ToList() is [var reached])
            return reached;
        // The name leads somewhere else: a container that happens to be called so is not the server that is meant.
        if (addresses.Count > 0)
            return null;
        var project = settings.ComposeProject
            ?? containers.FirstOrDefault(container => container.Id == ownContainer)?.Label(ComposeLabels.Project);
        var ofService = running.Where(container => project is not null
            && container.Label(ComposeLabels.Project) == project && container.Label(ComposeLabels.Service) == host
            && !string.Equals(container.Label(ComposeLabels.OneOff), "True", StringComparison.OrdinalIgnoreCase)).ToList();
        return ofService.Count > 0
            ? ofService is [var only] ? only : null
            : running.Find(container => container.HasName(host));
    }

    /// <summary>The container with this id, while it runs; and whether from here a name leads to it and to nobody else.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<(ContainerSummary? Container, bool IsReached)> LookAtAsync(string id, string host, CancellationToken cancellation)
    {
        var container = (await engine.ListContainersAsync(cancellation)).FirstOrDefault(each => each.Id == id && each.State == "running");
        var addresses = await AddressesAsync(host, cancellation);
        return (container, container is not null && addresses.Count > 0 && addresses.All(address => HasAddress(container, [address])));
    }

    private static bool HasAddress(ContainerSummary container, IReadOnlyList<string> addresses) =>
        container.NetworkSettings?.Networks?.Values.Any(network => network?.IPAddress is { Length: > 0 } ip && addresses.Contains(ip)) == true;

    /// <summary>None for a name that is not known here: our own container need not be in the database's network.</summary>
    private static async Task<IReadOnlyList<string>> AddressesAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return [.. (await Dns.GetHostAddressesAsync(host, cancellation)).Select(address => address.ToString())];
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return [];
        }
    }
}
