using BackupSidecar.Docker;

namespace BackupSidecar.Services;

/// <summary>
/// Which containers a name of the settings stands for: those of that service in our own Compose project, else the one
/// container of exactly that name, else the one whose id begins so. Other projects are reached by container name only.
/// </summary>
internal sealed class ServiceMatching(string? project, IReadOnlyList<ContainerSummary> containers)
{
    private const int ShortestId = 12;

    /// <summary>The containers, those of a scaled service by their number; empty if there is none.</summary>
    public IReadOnlyList<ContainerSummary> Find(string name)
    {
        var ofService = containers.Where(container => IsOurs(container) && container.Label(ComposeLabels.Service) == name)
            .Where(StandsForItsService)
            .OrderBy(container => int.TryParse(container.Label(ComposeLabels.Number), out var number) ? number : int.MaxValue)
            .ToList();
        if (ofService.Count > 0)
            return ofService;
        var named = containers.Where(container => container.HasName(name)).ToList();
        return named.Count > 0 ? named : ById(name);
    }

    /// <summary>Why nothing was found, and what could have been meant.</summary>
    public string ExplainMissing(string name)
    {
        var foreign = containers.FirstOrDefault(container => IsIdOf(container, name))?.Label(ComposeLabels.Project);
        if (foreign is not null)
            return $"'{name}' is a container of another Compose project ({foreign}). If it is meant, write its name instead of its id.";
        if (project is null)
        {
            return $"'{name}' is not the name of a container, and services cannot be found because this program does not know its " +
                "Compose project. Set COMPOSE_PROJECT_NAME, or write the name of the container.";
        }
        var services = containers.Where(container => IsOurs(container) && StandsForItsService(container))
            .Select(container => container.Label(ComposeLabels.Service))
            .OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        return services.Count == 0
            ? $"'{name}' was not found: the Compose project '{project}' has no containers (is COMPOSE_PROJECT_NAME right?), and no container has that name."
            : $"'{name}' was not found: the Compose project '{project}' has the services {string.Join(", ", services)}, and no container has that name.";
    }

    public static bool StandsForItsService(ContainerSummary container) =>
        !string.Equals(container.Label(ComposeLabels.OneOff), "True", StringComparison.OrdinalIgnoreCase);

    private bool IsOurs(ContainerSummary container) => project is not null && container.Label(ComposeLabels.Project) == project;

    private List<ContainerSummary> ById(string name) =>
        [.. containers.Where(container => IsIdOf(container, name) && (IsOurs(container) || container.Label(ComposeLabels.Project) is null))];

    private static bool IsIdOf(ContainerSummary container, string name) =>
        name.Length >= ShortestId && name.All(char.IsAsciiHexDigit) && container.Id.StartsWith(name, StringComparison.OrdinalIgnoreCase);
}
