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

    private DatabaseContainers Containers => new(_engine, settings, OwnContainer.FindId());

    /// <summary>
    /// The id of the one container that tools may run in, and that a URI's host stands for unless its source wants a client; null for
    /// whichever container the host leads to. The same name may lead to somebody else's server from here.
    /// </summary>
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
        {
            if (IsMeant(wanted))
                await RequireReachedAsync(host, "BACKUP_DUMP_VIA=client says so", cancellation);
            return new LocalPlace();
        }
        var (place, problem) = await TryContainerAsync(host, wanted, tools, cancellation);
        if (place is not null)
            return place;
        if (choice == DumpVia.Exec)
            throw new DatabaseException($"its tools cannot run in its container as BACKUP_DUMP_VIA=exec says: {problem}");
        if (IsMeant(wanted))
            await RequireReachedAsync(host, problem, cancellation);
        log.LogDebug("The tools for the database at {Host} run here: {Reason}", host, problem);
        return new LocalPlace();
    }

    /// <summary>The place for tools that can only run here.</summary>
    /// <param name="wanted">What the source itself says; null for the setting.</param>
    /// <param name="reason">Why they can: of the URI, for example "it names several hosts".</param>
    /// <exception cref="DatabaseException"><c>exec</c> is wanted.</exception>
    public IToolPlace Here(DumpVia? wanted, string reason) => (wanted ?? via) == DumpVia.Exec
        ? throw new DatabaseException($"its tools cannot run in its container as BACKUP_DUMP_VIA=exec says: {reason}")
        : IsMeant(wanted) ? throw new DatabaseException($"its tools cannot run in its container: {reason}. Let backup.conn name that container alone.")
        : new LocalPlace();

    public void Dispose() => _engine.Dispose();

    /// <summary>The container of the database at <paramref name="host"/>, whatever BACKUP_DUMP_VIA says; null with the reason if it cannot be used.</summary>
    public async Task<(ContainerPlace? Place, string Problem)> TryContainerAsync(
        string host, DumpVia? wanted, IReadOnlyList<string> tools, CancellationToken cancellation)
    {
        if (Only is not null)
            return (Only, "");
        try
        {
            var (container, problem) = await FindContainerAsync(host, wanted, cancellation);
            if (container is null)
                return (null, problem);
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

    /// <summary>Whether the container that tools may run in is the server that is meant.</summary>
    private bool IsMeant(DumpVia? wanted) => Pinned is not null && wanted is null;

    private async Task<(ContainerSummary? Container, string Problem)> FindContainerAsync(string host, DumpVia? wanted, CancellationToken cancellation)
    {
        if (Pinned is null)
            return (await Containers.FindAsync(host, cancellation), $"no single running container is known as '{host}'");
        return IsMeant(wanted)
            ? ((await Containers.LookAtAsync(Pinned, host, cancellation)).Container, "the container whose labels ask for this does not run")
            : (null, $"'{host}' is not the container whose labels ask for this");
    }

    /// <exception cref="DatabaseException">From here the host leads to somebody else, or to nobody, or that cannot be told.</exception>
    private async Task RequireReachedAsync(string host, string problem, CancellationToken cancellation)
    {
        try
        {
            var (_, isReached) = await Containers.LookAtAsync(Pinned!, host, cancellation); // It is meant.
            if (isReached)
                return;
        }
        catch (DockerException error)
        {
            problem = error.Message;
        }
        throw new DatabaseException(
            $"its tools cannot run in its container ({problem}), and from here '{host}' does not lead to that container alone, so it could be another one's data. "
            + "Let tools run in the container (a socket proxy needs EXEC=1 and POST=1), or give it a network in common with this container and a name in backup.conn that nobody else has.");
    }
}
