using BackupSidecar.Docker;

namespace BackupSidecar.Backrest;

/// <summary>Backrest's own container, by what the operator calls it: its name, its id or the beginning of that, or its Compose service.</summary>
internal sealed class BackrestContainer(string called, DockerEngine engine)
{
    /// <summary>The one that is meant.</summary>
    /// <exception cref="BackrestException">There is none, or there are several of that service.</exception>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<ContainerDetails> FindAsync(CancellationToken cancellation)
    {
        if (await engine.InspectAsync(called, cancellation) is { } named)
            return named;
        var ofService = await OfServiceAsync(cancellation);
        if (ofService is [var only] && await engine.InspectAsync(only.Id, cancellation) is { } found)
            return found;
        throw new BackrestException(ofService.Count == 0
            ? $"Backrest cannot be told of a change: there is no container '{called}'. Name it in --backrest-container."
            : $"Backrest cannot be told of a change: there are {ofService.Count} containers of a service '{called}'. Name the one in --backrest-container.");
    }

    /// <summary>The ids of all that may be meant; none if there is none.</summary>
    /// <exception cref="DockerException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<string>> CandidatesAsync(CancellationToken cancellation)
    {
        var ofService = (await OfServiceAsync(cancellation)).Select(container => container.Id);
        return await engine.InspectAsync(called, cancellation) is { } named ? [named.Id, .. ofService] : [.. ofService];
    }

    private Task<IReadOnlyList<ContainerSummary>> OfServiceAsync(CancellationToken cancellation) =>
        engine.ListContainersAsync(new Dictionary<string, string> { [ComposeLabels.Service] = called }, cancellation);
}
