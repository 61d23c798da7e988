using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Databases;

/// <summary>
/// Decides where the tools of a database run, as BACKUP_DUMP_VIA says. <c>auto</c>: inside its container where the host of its
/// URI is a container of this engine that has the tool and the engine lets us, else here.
/// </summary>
/// <param name="via">What is wanted where a source says nothing else.</param>
/// <param name="settings">The engine's address and our Compose project.</param>
/// <param name="time">The clock of the engine's client.</param>
/// <param name="log">Told at debug level why <c>auto</c> decided as it did.</param>
internal sealed class ToolPlaces(DumpVia via, ServiceSettings settings, TimeProvider time, ILogger log) : IDisposable
{
    private readonly DockerEngine _engine = new(settings.DockerHost, time);

    private ContainerPlace? Only { get; init; }

    /// <summary>The id of the one container that tools may run in; null for whichever a URI's host leads to.</summary>
    public string? Pinned { get; init; }

    /// <summary>All tools run in this container, whatever their URIs say: it may be a server that stands in for another.</summary>
    public static ToolPlaces Inside(ContainerPlace place, TimeProvider time, ILogger log) =>
        new(DumpVia.Exec, new ServiceSettings(), time, log) { Only = place };

    /// <summary>The place for the tools of the database at <paramref name="host"/>.</summary>
    /// <param name="host">The host of its URI; empty or a path for a socket.</param>
    /// <param name="wanted">What the source itself says; null for the setting.</param>
    /// <param name="tools">Names of the one tool that must be there, the preferred one first.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="DatabaseException"><c>exec</c> is wanted and not possible; the message says why.</exception>
    public async Task<IToolPlace> FindAsync(string host, DumpVia? wanted, IReadOnlyList<string> tools, CancellationToken cancellation)
    {
        if (Only is not null)
            return Only;
        var choice = wanted ?? via;
        if (choice == DumpVia.Client)
            return new LocalPlace();
        var (place, problem) = await TryContainerAsync(host, tools, cancellation);
        if (place is not null)
            return place;
        if (choice == DumpVia.Exec)
            throw new DatabaseException($"its tools cannot run in its container as BACKUP_DUMP_VIA=exec says: {problem}");
        log.LogDebug("The tools for the database at {Host} run here: {Reason}", host, problem);
        return new LocalPlace();
    }

    /// <summary>The place for tools that can only run here.</summary>
    /// <param name="wanted">What the source itself says; null for the setting.</param>
    /// <param name="reason">Why they can: of the URI, for example "it names several hosts".</param>
    /// <exception cref="DatabaseException"><c>exec</c> is wanted.</exception>
    public IToolPlace Here(DumpVia? wanted, string reason) => (wanted ?? via) == DumpVia.Exec
        ? throw new DatabaseException($"its tools cannot run in its container as BACKUP_DUMP_VIA=exec says: {reason}")
        : new LocalPlace();

    public void Dispose() => _engine.Dispose();

    /// <summary>The container of the database at <paramref name="host"/>, whatever BACKUP_DUMP_VIA says; null with the reason if it cannot be used.</summary>
    public async Task<(ContainerPlace? Place, string Problem)> TryContainerAsync(
        string host, IReadOnlyList<string> tools, CancellationToken cancellation)
    {
        if (Only is not null)
            return (Only, "");
        try
        {
            var container = await new DatabaseContainers(_engine, settings, OwnContainer.FindId()).FindAsync(host, cancellation);
            if (container is null)
                return (null, $"no single running container is known as '{host}'");
            if (Pinned is not null && container.Id != Pinned)
                return (null, $"'{host}' is container {container.PlainName}, and not the one whose labels ask for this");
            var place = new ContainerPlace(_engine, container.Id, container.PlainName);
            foreach (var tool in tools)
            {
                var (result, _) = await place.RunAsync(new Command(tool, "--version"), cancellation);
                if (result.Succeeded)
                    return (place, "");
            }
            return (null, $"container {container.PlainName} has no {string.Join(" or ", tools)}");
        }
        catch (Exception error) when (error is DockerException or DatabaseException or IOException)
        {
            return (null, error.Message);
        }
    }
}
