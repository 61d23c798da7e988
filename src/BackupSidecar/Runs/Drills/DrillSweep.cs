using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Swapping;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Runs.Drills;

/// <summary>The lock of restore drills, and what its holder may do: remove what killed drills have left, on disk and in Docker.</summary>
internal sealed class DrillSweep(PathSettings paths, DrillContainers containers, ILogger log)
{
    /// <summary>Takes the lock for a drill, and removes what is left of others.</summary>
    /// <exception cref="RunLockedException">A drill is going on.</exception>
    public async Task<IDisposable> BeginAsync(Guid runId, CancellationToken cancellation)
    {
        var held = await RunLock.TakeAsync(paths.State, RunPurpose.Of("drill", runId).ToString(), cancellation, RunLock.OfDrills);
        try
        {
            await SweepAsync(held, cancellation);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Removes what is left, unless a drill is going on just now.</summary>
    /// <param name="onlyIfKilled">Whether to look only where it is known that a drill was killed: nobody should wait for Docker without need.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task TrySweepAsync(bool onlyIfKilled, CancellationToken cancellation)
    {
        try
        {
            if (onlyIfKilled && !RunLock.IsLeftBehind(paths.State, RunLock.OfDrills))
                return;
            using var held = await RunLock.TakeAsync(paths.State, "removal of what drills have left", cancellation, RunLock.OfDrills);
            await SweepAsync(held, cancellation);
        }
        catch (Exception failure) when (failure is RunLockedException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            log.LogDebug("What drills may have left was not looked for: {Reason}", failure.Message);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            log.LogDebug("What drills may have left is looked for at the next start.");
        }
    }

    private async Task SweepAsync(RunLock held, CancellationToken cancellation)
    {
        if (Directory.Exists(paths.Staging))
        {
            foreach (var folder in Directory.EnumerateDirectories(paths.Staging, OwnNames.Drill + "*"))
                await TryRemoveAsync(folder);
        }
        try
        {
            await containers.SweepAsync(cancellation);
            held.ForgetTheDead();
        }
        catch (DockerException failure)
        {
            log.LogDebug("Whether drills have left containers cannot be told: {Reason}", failure.Message);
        }
    }

    /// <summary>Removes a drill's folder. What stays is told of, and removed by the next sweep.</summary>
    public async Task TryRemoveAsync(string folder)
    {
        try
        {
            await Tree.RemoveAsync(folder);
        }
        catch (Exception failure) when (failure is ProcessFailedException or IOException or UnauthorizedAccessException)
        {
            log.LogWarning("{Folder}, which a restore drill has left, cannot be removed: {Reason}", folder, failure.Message);
        }
    }
}
