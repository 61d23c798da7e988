using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>What of a container decides whether and how it is backed up.</summary>
internal sealed record LabelledContainer
{
    private const string SwarmTask = "com.docker.swarm.task.name";

    public required string Id { get; init; }

    /// <summary>Without the engine's leading slash.</summary>
    public required string Name { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>By which names and addresses it is known in its networks; its own name and that of its service are among them.</summary>
    public IReadOnlySet<string> Hosts { get; init; } = new HashSet<string>();

    public string? Project => Label(ComposeLabels.Project);

    /// <summary>See <see cref="LabelledDatabase.Identity"/>.</summary>
    public string Identity
    {
        get
        {
            if (Project is { } project && Label(ComposeLabels.Service) is { } service)
                return $"{project}/{service}/{Label(ComposeLabels.Number) ?? "1"}";
            // Swarm: service.slot.id, and the id is new with every task.
            return Label(SwarmTask) is { } task && task.LastIndexOf('.') is var dot and > 0 ? task[..dot] : Name;
        }
    }

    /// <summary>A container of <c>docker compose run</c> has the labels of its service, and is not that.</summary>
    public bool IsOneOff => string.Equals(Label(ComposeLabels.OneOff), "True", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether Compose made both of one service.</summary>
    public bool IsOfServiceOf(LabelledContainer other) =>
        Project is not null && Label(ComposeLabels.Service) is { } service && (other.Project, other.Label(ComposeLabels.Service)) == (Project, service);

    public static LabelledContainer From(ContainerSummary container)
    {
        // A network that a container is just joining or leaving may have nothing to say.
        var joined = container.NetworkSettings?.Networks ?? new Dictionary<string, ContainerNetwork?>();
        string?[] names = [container.PlainName, container.Label(ComposeLabels.Service), .. joined.Values.SelectMany(network => network?.Aliases ?? [])];
        // The engine's name server knows each also with the name of the network behind it.
        var hosts = names.Concat(names.SelectMany(_ => joined.Keys, (each, network) => $"{each}.{network}")).Concat(joined.Values.Select(network => network?.IPAddress));
        return new LabelledContainer
        {
            Id = container.Id,
            Name = container.PlainName,
            Labels = container.Labels ?? new Dictionary<string, string>(),
            Hosts = hosts.OfType<string>().Where(host => host.Length > 0).ToHashSet(StringComparer.OrdinalIgnoreCase),
        };
    }

    public string? Label(string name) => Labels.GetValueOrDefault(name);
}
