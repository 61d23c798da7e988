using BackupSidecar.Backrest.Plans;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Services;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>
/// One backup by restic, in a container of the image that the operator named, while the containers that ask for it stand still. They
/// are stopped and started as in any other backup: written down first, and started again whatever becomes of restic or of us.
/// </summary>
internal sealed class BackupOnce(BackrestSettings settings, DockerEngine engine, OnceLabels labels, TimeProvider time, ILogger log)
{
    private readonly ContainerRun _runs = new(engine);

    /// <exception cref="BackrestException">The backup failed, or services do not run again. All is told in the message.</exception>
    /// <exception cref="ServiceException">Services could not be stopped; nothing was backed up.</exception>
    /// <exception cref="DockerException">The engine cannot be reached, or does not run the image.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var left in await engine.ListContainersAsync(labels.Own, cancellation))
            await engine.RemoveAsync(left.Id, cancellation);
        await EnsureAloneAsync(cancellation);

        var services = await QuietedAsync(cancellation);
        // While services still run, for the image may have to be pulled.
        var restic = await _runs.MakeAsync(Spec(settings.Once.Command), cancellation);
        var failure = "";
        try
        {
            failure = await BackUpAsync(services, restic, cancellation);
        }
        finally
        {
            await engine.RemoveAsync(restic, CancellationToken.None);
        }
        if (failure.Length > 0)
            throw new BackrestException(failure);
        await ForgetAsync(cancellation);
    }

    /// <summary>Before anything is stopped: restic would wait, or fail, when one of the two forgets.</summary>
    private async Task EnsureAloneAsync(CancellationToken cancellation)
    {
        if (labels.OfRepository is not { } ofRepository)
            return;
        if ((await engine.ListContainersAsync(ofRepository, cancellation)).FirstOrDefault(container => container.State == "running") is { } other)
        {
            throw new BackrestException(
                $"Another backup-once works on the same repository, in container {other.PlainName}. Nothing was stopped or backed up; try again when it has ended.");
        }
    }

    /// <summary>Nothing if all went well, and the services run again.</summary>
    private async Task<string> BackUpAsync(ServiceSettings services, string restic, CancellationToken cancellation)
    {
        await using var window = await StopWindow.PrepareAsync(services, settings.StateDirectory, time, log, cancellation);
        await window.OpenAsync(cancellation);
        // Whoever interrupts this wants the services first, and then the end of restic.
        await using var hurry = cancellation.Register(() => _ = window.CloseAtOnceAsync());
        var began = time.GetTimestamp();
        var code = await _runs.RunAsync(restic, log.OnceSays, cancellation);
        var problems = (await window.CloseAsync()).ToList();
        if (code != 0)
            problems.Insert(0, $"The backup failed: {string.Join(' ', settings.Once.Command)} in {settings.Once.Image} ended with exit code {code}. Nothing was forgotten.");
        if (problems.Count == 0)
            log.OnceComplete(window.Stopped.Count, (window.Duration ?? time.GetElapsedTime(began)).TotalSeconds);
        return string.Join(' ', problems);
    }

    private async Task<ServiceSettings> QuietedAsync(CancellationToken cancellation)
    {
        var label = settings.Once.QuiesceLabel.Split('=', 2);
        var containers = await engine.ListContainersAsync(cancellation);
        return new ServiceSettings
        {
            Stop = [.. containers.Where(container => container.State == "running" && Carries(container, label)).Select(container => container.PlainName)],
            StopOrigin = $"the label {settings.Once.QuiesceLabel}",
            StopsContainersOnly = true,
            StopWait = TimeSpan.Zero,
            StartWait = TimeSpan.Zero,
            StopTimeout = settings.Once.QuiesceTimeout,
            StopTimeoutOrigin = BackrestOptions.QuiesceTimeout.Name,
            DockerHost = settings.DockerHost,
        };
    }

    private static bool Carries(ContainerSummary container, string[] label) =>
        container.Label(label[0]) is { } value && (label.Length == 1 || value == label[1]);

    /// <summary>The image looks for containers and volumes by itself.</summary>
    private ContainerSpec Spec(IReadOnlyList<string> command) => new()
    {
        Image = settings.Once.Image,
        Cmd = command,
        Env =
        [
            .. settings.Once.Environment,
            $"EXCLUDE_BIND_MOUNTS={(settings.ExcludeBindMounts ? 1 : 0)}",
            $"INCLUDE_PROJECT_NAME={(settings.IncludeProjectName ? 1 : 0)}",
        ],
        Labels = labels.All,
        HostConfig = new SpecHostConfig
        {
            Binds = [$"{settings.DockerHost.AbsolutePath}:{OnceVolumes.Socket}:ro", $"{settings.DockerRoot}:{OnceVolumes.DockerRoot}:ro", .. settings.Once.Volumes],
        },
    };

    private async Task ForgetAsync(CancellationToken cancellation)
    {
        var problems = new List<string>();
        foreach (var container in await engine.ListContainersAsync(cancellation))
        {
            if (BackrestLabels.IsEnabled(container.Labels) && await engine.InspectAsync(container.Id, cancellation) is { } details
                && await ForgetAsync(PlannedContainer.From(details), cancellation) is { } problem)
                problems.Add(problem);
        }
        if (problems.Count > 0)
            throw new BackrestException($"The backup succeeded, but not everything was forgotten that should be. {string.Join(' ', problems)}");
    }

    private async Task<string?> ForgetAsync(PlannedContainer container, CancellationToken cancellation)
    {
        if (container.Labels.Keep is not { } keep)
            return null;
        var path = ForgetArguments.PathOf(container, settings.Once.PathPrefix, settings.IncludeProjectName);
        if (ForgetArguments.From(keep, path, settings.Once.GroupBy, out var problem) is not { } arguments)
            return problem is null ? null : $"Container {container.Name}: {problem}";
        log.OnceForgets(container.Name, path);
        var code = await _runs.RunAsync(Spec(arguments), log.OnceSays, cancellation);
        return code == 0 ? null : $"Container {container.Name}: {string.Join(' ', arguments)} ended with exit code {code}.";
    }
}
