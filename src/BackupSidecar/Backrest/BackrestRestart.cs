using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>What came of an attempt to make a change known.</summary>
internal enum Applied
{
    /// <summary>There was nothing to make known.</summary>
    Nothing,

    Done,

    /// <summary>Backrest is at work, or the last failure is too recent.</summary>
    Later,

    Failed,
}

/// <summary>
/// Restarts Backrest's container, because Backrest reads its configuration only when it starts: when it is not at work, and until it
/// has come about.
/// </summary>
internal sealed class BackrestRestart(BackrestSettings settings, DockerEngine engine, PendingApply pending, TimeProvider time, ILogger log)
{
    private const int HealthyLooks = 4;
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(3);
    private static readonly string[] Workers = ["restic", "rclone"];

    private readonly BackrestContainer _backrest = new(settings.Container, engine);

    /// <summary>When Backrest was first seen at work in the wait that lasts now; how old the change is says nothing about what runs.</summary>
    private DateTimeOffset? _busySince;

    /// <summary>Whether there is a change that Backrest has yet to read.</summary>
    public bool IsWaited => pending.Read() is not null;

    /// <summary>Waits for as long as Backrest is at work, within the limit; a failure is tried again by whoever comes next.</summary>
    public async Task<Applied> ApplyAsync(CancellationToken cancellation)
    {
        while (pending.Read() is { } noted)
        {
            var applied = await MakeKnownAsync(noted, cancellation);
            if (applied != Applied.Later)
                return applied;
            await Task.Delay(BusyPause, time, cancellation);
        }
        return Applied.Nothing;
    }

    /// <summary>Tries once, unless the last failure is too recent.</summary>
    public async Task<Applied> TryAsync(CancellationToken cancellation)
    {
        if (pending.Read() is not { } noted)
            return Applied.Nothing;
        return noted.NextTry > time.GetUtcNow() ? Applied.Later : await MakeKnownAsync(noted, cancellation);
    }

    /// <summary>Finds out whether there is a container to restart.</summary>
    /// <exception cref="BackrestException">There is none, or there are several.</exception>
    public async Task CheckAsync(CancellationToken cancellation) => _ = await _backrest.FindAsync(cancellation);

    private async Task<Applied> MakeKnownAsync(Pending noted, CancellationToken cancellation)
    {
        try
        {
            var container = await _backrest.FindAsync(cancellation);
            var isKnown = pending.IsKnownTo(noted, container.State.Started);
            // After a restart that failed it is perhaps the engine that starts it, again and again.
            if (noted.Failures > 0 && isKnown)
                await EnsureUpAsync(container, cancellation);
            if (!container.State.Running)
                log.BackrestIsDown(container.PlainName);
            else if (isKnown)
                log.BackrestKnows(container.PlainName);
            else if (!await MayRestartAsync(container, cancellation))
                return Applied.Later;
            else
                await RestartAsync(container, cancellation);
            pending.Done();
            return Applied.Done;
        }
        catch (Exception failure) when (failure is DockerException or BackrestException)
        {
            _busySince = null;
            log.RestartFailed(failure.Message, pending.Postpone());
            return Applied.Failed;
        }
    }

    private async Task<bool> MayRestartAsync(ContainerDetails container, CancellationToken cancellation)
    {
        var work = await WorkOfAsync(container.Id, cancellation);
        if (work.Length == 0)
        {
            // Between a hook that stops services and restic there is a moment in which nothing runs.
            await Task.Delay(LookPause, time, cancellation);
            work = await WorkOfAsync(container.Id, cancellation);
        }
        if (work.Length > 0 && _busySince is null)
        {
            _busySince = time.GetUtcNow();
            log.BackrestIsBusy(container.PlainName, work, settings.RestartWait);
        }
        if (work.Length > 0 && time.GetUtcNow() - _busySince < settings.RestartWait)
            return false;
        if (work.Length > 0)
            log.BackrestIsBusyTooLong(container.PlainName, work, settings.RestartWait);
        _busySince = null;
        return true;
    }

    /// <summary>What Backrest has started (restic, hooks), by the names of the programs; empty if it does nothing.</summary>
    private async Task<string> WorkOfAsync(string id, CancellationToken cancellation)
    {
        var all = await ContainerProcesses.ListAsync(engine, id, cancellation);
        var ofBackrest = all.Where(process => process.Command == "backrest").Select(process => process.Id).ToHashSet();
        var work = new List<ContainerProcess>();
        for (var more = Children(); more.Count > 0; more = Children())
            work.AddRange(more);
        return string.Join(", ", work.Concat(all.Where(process => Workers.Contains(process.Command))).Select(process => process.Command).Distinct());

        List<ContainerProcess> Children() => [.. all.Where(process => ofBackrest.Contains(process.Parent) && ofBackrest.Add(process.Id))];
    }

    private async Task RestartAsync(ContainerDetails container, CancellationToken cancellation)
    {
        await engine.RestartAsync(container.Id, settings.RestartTimeout, cancellation);
        await EnsureUpAsync(container, cancellation);
        log.BackrestRestarted(container.PlainName);
    }

    /// <summary>That it runs at each look is not enough: the engine may have started it anew between two.</summary>
    private async Task EnsureUpAsync(ContainerDetails container, CancellationToken cancellation)
    {
        var first = (await engine.InspectAsync(container.Id, cancellation))?.State;
        for (var (look, now) = (0, first); ; look++)
        {
            if (now is not { Running: true, Restarting: false } || now.Started != first?.Started)
                throw new BackrestException($"Backrest was restarted and does not stay up. Its log says why: docker logs {container.PlainName}.");
            if (look == HealthyLooks)
                return;
            await Task.Delay(LookPause, time, cancellation);
            now = (await engine.InspectAsync(container.Id, cancellation))?.State;
        }
    }
}
