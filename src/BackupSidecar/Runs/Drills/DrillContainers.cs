using System.Globalization;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Scratch;
using BackupSidecar.Docker;
using BackupSidecar.Planning;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Drills;

/// <summary>
/// The containers of restore drills: which running one a database came from, how its stand-in is made, and how what killed drills
/// left is found. All of ours carry the backup's name and Compose project, so that another stack's are left alone.
/// </summary>
internal sealed class DrillContainers(DockerEngine engine, Settings settings, TimeProvider time, ILogger log)
{
    public const string Label = OwnLabels.Drill;
    public const string NameLabel = OwnLabels.Drill + ".name";
    public const string ProjectLabel = OwnLabels.Drill + ".project";

    private string? _project;

    /// <summary>The running container that a database's URI leads to; else why there is none, for the end of a sentence.</summary>
    public async Task<(ContainerDetails? Running, string WhyNot)> FindAsync(DatabaseSourcePlan plan, CancellationToken cancellation)
    {
        if (plan.Hosts.ToList() is not [var host])
            return (null, "its URI names several hosts, and none of them is the one to copy");
        try
        {
            var own = OwnContainer.FindId();
            var found = await new DatabaseContainers(engine, settings.Services, own).FindAsync(host, cancellation);
            if (found is null || found.Id == own)
                return (null, $"its server '{host}' is no single running container of this Docker engine");
            return (await engine.InspectAsync(found.Id, cancellation), "");
        }
        catch (DockerException error)
        {
            return (null, $"no Docker engine can be asked for a scratch server: {error.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Starts a stand-in of a running server.</summary>
    /// <exception cref="DockerException">The engine refuses.</exception>
    /// <exception cref="DatabaseException">Its image is gone.</exception>
    public async Task<ScratchServer> StartAsync(ScratchKind kind, ContainerDetails running, Guid runId, CancellationToken cancellation)
    {
        log.LogInformation("Starting a scratch server like {Container} ({Image}), without a network", running.PlainName, running.Config?.Image);
        var labels = new Dictionary<string, string>(await OwnerAsync(cancellation)) { [Label] = runId.ToString("N", CultureInfo.InvariantCulture) };
        return await ScratchServer.StartAsync(
            engine, kind, running, new ScratchLimits(settings.Drill.Memory, settings.Drill.Cpus), labels, time, log, cancellation);
    }

    /// <summary>Removes all of ours. To be called by the holder of the drills' lock: then none of them is in use.</summary>
    /// <exception cref="DockerException">The engine cannot be asked, or refuses.</exception>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        var owner = await OwnerAsync(cancellation);
        foreach (var container in (await engine.ListContainersAsync(owner, cancellation)).Where(container => container.Label(Label) is not null))
        {
            log.LogWarning("Removing container {Container}, which a restore drill that was killed has left", container.PlainName);
            await engine.RemoveAsync(container.Id, cancellation);
        }
        foreach (var volume in await engine.ListVolumesAsync(owner, cancellation))
            await engine.RemoveVolumeAsync(volume, cancellation);
    }

    private async Task<Dictionary<string, string>> OwnerAsync(CancellationToken cancellation)
    {
        _project ??= settings.Services.ComposeProject ?? await OwnProjectAsync(cancellation) ?? "";
        return new Dictionary<string, string> { [NameLabel] = settings.Name, [ProjectLabel] = _project };
    }

    private async Task<string?> OwnProjectAsync(CancellationToken cancellation) =>
        OwnContainer.FindId() is { } own ? (await engine.InspectAsync(own, cancellation))?.Label(ComposeLabels.Project) : null;
}
