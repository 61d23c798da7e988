using BackupSidecar.Discovery;
using BackupSidecar.Docker;

namespace BackupSidecar.Backrest.Plans;

/// <summary>A container that asks for a plan: who it is, what it mounts, and what its labels say.</summary>
internal sealed record PlannedContainer
{
    private const int ShortIdLength = 12;

    /// <summary>Memory in every container.</summary>
    private const string SharedMemory = "/dev/shm";

    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? Project { get; init; }

    public string? Service { get; init; }

    public required IReadOnlyList<ContainerMount> Mounts { get; init; }

    public required BackrestLabels Labels { get; init; }

    /// <summary>Whether a stop removes it, with its volumes that have no name.</summary>
    public bool IsRemovedByStop { get; init; }

    public string ShortId => Id.Length > ShortIdLength ? Id[..ShortIdLength] : Id;

    public static PlannedContainer From(ContainerDetails container) => new()
    {
        Id = container.Id,
        Name = container.PlainName,
        Project = container.Label(ComposeLabels.Project),
        Service = container.Label(ComposeLabels.Service),
        Mounts = [.. container.Mounts ?? [], .. InMemory(container)],
        IsRemovedByStop = container.HostConfig?.AutoRemove == true,
        Labels = BackrestLabels.Read(container.Config?.Labels ?? new Dictionary<string, string>()),
    };

    /// <summary>What <c>--tmpfs</c> makes, and Compose's tmpfs, the engine does not name among the mounts.</summary>
    private static IEnumerable<ContainerMount> InMemory(ContainerDetails container) =>
        (container.HostConfig?.Tmpfs?.Keys ?? []).Append(SharedMemory).Select(path => new ContainerMount { Type = MountType.Memory, Destination = path });
}
