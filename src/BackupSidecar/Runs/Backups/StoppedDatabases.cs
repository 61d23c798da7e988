using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Docker;
using BackupSidecar.Planning;
using BackupSidecar.Services;

namespace BackupSidecar.Runs.Backups;

/// <summary>Finds databases that the stop of services would take away from under their own dump.</summary>
internal sealed class StoppedDatabases(ServiceSettings settings, StopWindow window, TimeProvider time)
{
    /// <summary>What is wrong with a source, as a sentence; null if nothing is, or if the engine does not say where its server runs.</summary>
    public async Task<string?> ProblemAsync(SourcePlan source, CancellationToken cancellation)
    {
        if (settings.Stop.Count == 0 || source is not DatabaseSourcePlan database)
            return null;
        using var engine = new DockerEngine(settings.DockerHost, time);
        var containers = new DatabaseContainers(engine, settings, OwnContainer.FindId());
        try
        {
            foreach (var host in database.Hosts)
            {
                if (await containers.FindAsync(host, cancellation) is { } server && window.WillStop(server.Id) is { } service)
                    return $"its server is the service '{service}', which BACKUP_STOP_SERVICES would stop before the dump. Take it out of that list: a dump is consistent while its server runs.";
            }
        }
        catch (DockerException)
        {
            // Whatever is wrong with the engine is told where it is needed.
        }
        return null;
    }
}
