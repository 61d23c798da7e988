using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>What of a container decides whether and how it is backed up.</summary>
internal sealed record LabelledContainer
{
    public required string Id { get; init; }

    /// <summary>Without the engine's leading slash.</summary>
    public required string Name { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>By which names and addresses it is known in its networks; its own name and that of its service are among them.</summary>
    public IReadOnlySet<string> Hosts { get; init; } = new HashSet<string>();

    public string? Project => Label(ComposeLabels.Project);

    /// <summary>See <see cref="LabelledDatabase.Identity"/>.</summary>
    public string Identity => Project is { } project && Label(ComposeLabels.Service) is { } service
        ? $"{project}/{service}/{Label(ComposeLabels.Number) ?? "1"}"
        : Name;

    /// <summary>A container of <c>docker compose run</c> has the labels of its service, and is not that.</summary>
    public bool IsOneOff => string.Equals(Label(ComposeLabels.OneOff), "True", StringComparison.OrdinalIgnoreCase);

    public static LabelledContainer From(ContainerSummary container) =>
        From(container.Id, container.PlainName, container.Labels, container.NetworkSettings);

    public static LabelledContainer From(ContainerDetails container) =>
        From(container.Id, container.PlainName, container.Config?.Labels, container.NetworkSettings);

    public string? Label(string name) => Labels.GetValueOrDefault(name);

    private static LabelledContainer From(
        string id, string name, IReadOnlyDictionary<string, string>? labels, ContainerNetworkSettings? networks)
    {
        var known = networks?.Networks?.Values.SelectMany(network => (network.Aliases ?? []).Append(network.IPAddress)) ?? [];
        var hosts = known.Append(name).Append(labels?.GetValueOrDefault(ComposeLabels.Service));
        return new LabelledContainer
        {
            Id = id,
            Name = name,
            Labels = labels ?? new Dictionary<string, string>(),
            Hosts = hosts.OfType<string>().Where(host => host.Length > 0).ToHashSet(StringComparer.OrdinalIgnoreCase),
        };
    }
}
