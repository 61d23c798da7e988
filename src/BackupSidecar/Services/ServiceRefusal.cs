using BackupSidecar.Docker;

namespace BackupSidecar.Services;

/// <summary>
/// Which containers are never stopped, and why: we ourselves, the socket proxy through which we would have to start it
/// again, and those that a stop and a start would not bring back as they were.
/// </summary>
internal sealed class ServiceRefusal(string? ownId, Uri dockerHost)
{
    private const string SwarmPrefix = "com.docker.swarm.";

    /// <summary>The reason, as the end of a sentence that begins with the service; null if it may be stopped.</summary>
    public string? ReasonFor(ContainerDetails container)
    {
        if (container.Id == ownId)
            return "is the container that this program runs in. Take it out of the list.";
        if (IsSocketProxy(container))
            return $"serves DOCKER_HOST ({dockerHost.Host}): once stopped, nothing could be started again. Take it out of the list.";
        if (container.LabelKeys.Any(key => key.StartsWith(SwarmPrefix, StringComparison.Ordinal)))
            return "is a task of a Swarm service: Swarm would replace it at once. Stop it by scaling the service.";
        if (container.HostConfig?.AutoRemove == true)
            return "was made with --rm: stopping would remove it. Make it without --rm.";
        if (container.State.Paused)
            return "is paused. Unpause or stop it first.";
        return container.State.Restarting ? "is restarting again and again. Repair it or stop it first; its log says why." : null;
    }

    private bool IsSocketProxy(ContainerDetails container)
    {
        if (dockerHost.Host.Length == 0)
            return false;
        var networks = container.NetworkSettings?.Networks?.Values ?? [];
        var published = container.NetworkSettings?.Ports?.Values.SelectMany(ports => ports ?? []) ?? [];
        return networks.SelectMany(network => (network?.Aliases ?? []).Append(network?.IPAddress))
            .Append(container.PlainName)
            .Append(container.Config?.Hostname)
            .Append(container.Label(ComposeLabels.Service))
            .Any(name => string.Equals(name, dockerHost.Host, StringComparison.OrdinalIgnoreCase))
            || published.Any(port => port.HostPort == dockerHost.Port.ToString());
    }
}
