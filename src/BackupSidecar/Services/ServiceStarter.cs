using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Services;

/// <summary>What was started, and a sentence for each service that could not be.</summary>
internal sealed record StartResult(IReadOnlyList<StoppedService> Started, IReadOnlyList<string> Problems);

/// <summary>
/// Starts services again, each as soon as it can be: one that fails does not hold up the others, and is tried again after
/// them. What runs is taken out of the journal; what could not be started stays there for the next start of this program.
/// </summary>
internal sealed class ServiceStarter(DockerEngine engine, StopJournal journal, TimeProvider time, ILogger log)
{
    private const int Retries = 3;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>An engine that restarts, with its containers, or a socket proxy that comes up after us, needs this long at most.</summary>
    private static readonly TimeSpan PatienceWithEngine = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Starts them in this order. Those that run already count as done, and are not in the result. Cancellation ends the
    /// waiting between tries, and nothing else: each service is tried once, whatever happens.
    /// </summary>
    public async Task<StartResult> StartAsync(IReadOnlyList<StoppedService> services, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var started = new List<StoppedService>();
        var problems = new List<string>();
        var waiting = services;
        for (var round = 0; waiting.Count > 0; round++)
        {
            if (round > 0)
                await Task.Delay(Pause(round), time, cancellation);
            var failures = await TryEachAsync(waiting, started, problems);
            // The round that failed because the engine was away does not count against the service.
            var final = failures.Where(failure => failure.IsEngineAway ? time.GetElapsedTime(began) >= PatienceWithEngine : round >= Retries).ToList();
            foreach (var failure in final)
                problems.Add(GiveUp(failure));
            waiting = [.. failures.Except(final).Select(failure => failure.Service)];
        }
        return new StartResult(started, problems);
    }

    private static TimeSpan Pause(int round) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, round - 1), LongestPause.TotalSeconds));

    private async Task<List<Failure>> TryEachAsync(
        IReadOnlyList<StoppedService> services, List<StoppedService> started, List<string> problems)
    {
        var failures = new List<Failure>();
        foreach (var service in services)
        {
            try
            {
                if (await StartOrFindRunningAsync(service, CancellationToken.None) is not { } wasStarted)
                {
                    failures.Add(new Failure(service, "its container is gone, and no other took its place", IsEngineAway: false, IsGone: true));
                    continue;
                }
                if (wasStarted)
                    started.Add(service);
                Forget(service, problems);
            }
            catch (DockerException error)
            {
                log.LogWarning("{Service} could not be started yet: {Problem}", service, error.Message);
                failures.Add(new Failure(service, error.Message, error.IsUnreachable, IsGone: false));
            }
        }
        return failures;
    }

    /// <summary>True if it was started, false if it was running, null if there is nothing to start.</summary>
    private async Task<bool?> StartOrFindRunningAsync(StoppedService service, CancellationToken cancellation)
    {
        try
        {
            return await engine.StartAsync(service.ContainerId, cancellation);
        }
        catch (DockerException error) when (error.Status == System.Net.HttpStatusCode.NotFound)
        {
            // Recreated in the meantime, by an update perhaps; or else a part of it, like its network, is what was not found.
            var successor = await FindSuccessorAsync(service, cancellation);
            return successor is null ? null : await engine.StartAsync(successor, cancellation);
        }
    }

    private async Task<string?> FindSuccessorAsync(StoppedService service, CancellationToken cancellation)
    {
        if (service.Project is null || service.Service is null)
            return (await engine.InspectAsync(service.ContainerName, cancellation))?.Id;
        var labels = new Dictionary<string, string>
        {
            [ComposeLabels.Project] = service.Project,
            [ComposeLabels.Service] = service.Service,
        };
        if (service.Number is not null)
            labels[ComposeLabels.Number] = service.Number;
        var containers = await engine.ListContainersAsync(labels, cancellation);
        return containers.FirstOrDefault(ServiceMatching.StandsForItsService)?.Id;
    }

    private string GiveUp(Failure failure)
    {
        var problem = failure.IsGone
            ? $"{failure.Service} could not be started again: {failure.Reason}. Bring it up with docker compose up -d."
            : $"{failure.Service} could not be started again: {failure.Reason} It is tried again when this program starts and before " +
                $"every run. By hand: docker start {failure.Service.ContainerName}";
        log.LogError("{Problem}", problem);
        if (!failure.IsGone)
            return problem;
        var more = new List<string> { problem };
        Forget(failure.Service, more);
        return string.Join(' ', more);
    }

    private void Forget(StoppedService service, List<string> problems)
    {
        try
        {
            journal.Remove([service]);
        }
        catch (ServiceException error)
        {
            // The service is what matters; a stale entry only means that a later start finds it running.
            log.LogError("{Problem}", error.Message);
            problems.Add(error.Message);
        }
    }

    private sealed record Failure(StoppedService Service, string Reason, bool IsEngineAway, bool IsGone);
}
