using BackupSidecar.Configuration;
using BackupSidecar.Docker;

namespace BackupSidecar.Services;

/// <summary>A container that a name of the settings stands for.</summary>
internal sealed record ServiceContainer(string ConfiguredName, ContainerDetails Details)
{
    public bool IsRunning => Details.State.Running;
}

/// <summary>
/// Finds the containers of the services that the operator named. It finds all of them, and all of them may be stopped, or
/// it fails with every fault at once.
/// </summary>
/// <param name="engine">Where they run.</param>
/// <param name="settings">What the operator named.</param>
/// <param name="ownContainer">The id of the container that this program runs in, or null.</param>
internal sealed class ServiceResolver(DockerEngine engine, ServiceSettings settings, string? ownContainer)
{
    /// <summary>The containers in the order of the settings, each once.</summary>
    /// <exception cref="ServiceException">A service is not there or may not be stopped.</exception>
    public async Task<IReadOnlyList<ServiceContainer>> ResolveAsync(CancellationToken cancellation)
    {
        var own = ownContainer is null ? null : await engine.InspectAsync(ownContainer, cancellation);
        var matching = new ServiceMatching(
            settings.StopsContainersOnly ? null : settings.ComposeProject ?? own?.Label(ComposeLabels.Project), await engine.ListContainersAsync(cancellation));
        var refusal = new ServiceRefusal(own?.Id, settings.DockerHost);
        var found = new List<ServiceContainer>();
        var faults = new List<string>();

        foreach (var name in settings.Stop)
        {
            var matches = matching.Find(name);
            if (matches.Count == 0)
                faults.Add(matching.ExplainMissing(name));
            foreach (var match in matches.Where(match => found.TrueForAll(known => known.Details.Id != match.Id)))
            {
                // A container that went away since it was listed needs no stopping.
                if (await engine.InspectAsync(match.Id, cancellation) is not { } details)
                    continue;
                if (refusal.ReasonFor(details) is { } reason)
                    faults.Add($"'{name}' (container {details.PlainName}) {reason}");
                found.Add(new ServiceContainer(name, details));
            }
        }
        return faults.Count == 0
            ? found
            : throw new ServiceException($"Services cannot be stopped as {settings.StopOrigin} says. " + string.Join(' ', faults));
    }
}
