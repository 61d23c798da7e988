using BackupSidecar.Configuration;
using BackupSidecar.Docker;
using BackupSidecar.Failpoints;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Services;

/// <summary>
/// The time in which services stand still: opened by stopping them, closed by starting again what was stopped here and
/// nothing else, in reverse order. Closing happens once, whatever else failed; disposing closes. What is about to be stopped
/// is journalled on disk first, so that a killed program starts it again when it comes back.
/// </summary>
internal sealed class StopWindow : IAsyncDisposable
{
    /// <summary>128 and the number of SIGKILL.</summary>
    private const int KilledExitCode = 137;

    private readonly ServiceSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DockerEngine _engine;
    private readonly ServiceResolver _resolver;
    private readonly StopJournal _journal;

    /// <summary>Guards what follows: closing may begin, on a signal's thread, while opening is at work.</summary>
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closeRequested = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly List<Stop> _stops = [];
    private IReadOnlyList<StoppedService> _journalled = [];
    private IReadOnlyList<ServiceContainer> _found = [];
    private Task<IReadOnlyList<string>>? _closing;
    private long _firstStop;
    private TimeSpan? _duration;

    private StopWindow(ServiceSettings settings, string stateDirectory, TimeProvider time, ILogger log)
    {
        _settings = settings;
        _time = time;
        _log = log;
        _engine = new DockerEngine(settings.DockerHost, time);
        _resolver = new ServiceResolver(_engine, settings, OwnContainer.FindId());
        _journal = new StopJournal(stateDirectory, time, log);
    }

    /// <summary>Names, as configured, of what was running and is stopped by this window.</summary>
    public IReadOnlyList<string> Stopped
    {
        get
        {
            lock (_gate)
                return NamesOf(_stops.Select(stop => stop.Service));
        }
    }

    /// <summary>The service, as configured, that this container belongs to and that this window will stop; null if it will not.</summary>
    public string? WillStop(string containerId) => _found.FirstOrDefault(service => service.Details.Id == containerId)?.ConfiguredName;

    /// <summary>From the first stop to the last start; null if nothing was stopped, or while it is open.</summary>
    public TimeSpan? Duration
    {
        get
        {
            lock (_gate)
                return _duration;
        }
    }

    /// <summary>Finds the services of the settings. Nothing is stopped. Without services it does nothing and needs no engine.</summary>
    /// <exception cref="ServiceException">The engine cannot be reached, a service is not there, is ourselves, or the journal cannot be written.</exception>
    public static async Task<StopWindow> PrepareAsync(
        ServiceSettings settings, string stateDirectory, TimeProvider time, ILogger log, CancellationToken cancellation)
    {
        var window = new StopWindow(settings, stateDirectory, time, log);
        var isReady = false;
        try
        {
            await window.CheckAsync(cancellation);
            isReady = true;
            return window;
        }
        catch (DockerException error)
        {
            throw CannotStop(error);
        }
        finally
        {
            if (!isReady)
                await window.DisposeAsync();
        }
    }

    /// <summary>
    /// Starts what an earlier run had stopped and could not start (its journal says so). Called at every start of the program
    /// and before every run. What goes wrong is logged and returned, and stays in the journal.
    /// </summary>
    public static async Task<StartResult> ReconcileAsync(
        ServiceSettings settings, string stateDirectory, TimeProvider time, ILogger log, CancellationToken cancellation)
    {
        try
        {
            var journal = new StopJournal(stateDirectory, time, log);
            var left = journal.Read();
            if (left.Count == 0)
                return new StartResult([], []);
            log.LogWarning(
                "An earlier run ended before it started again what it had stopped at {Time:u}. Starting services: {Services}",
                left[0].StoppedAt, string.Join(", ", NamesOf(left.Reverse())));
            using var engine = new DockerEngine(settings.DockerHost, time);
            return await new ServiceStarter(engine, journal, time, log).StartAsync([.. left.Reverse()], cancellation);
        }
        catch (ServiceException error)
        {
            var problem = $"Services that an earlier run stopped may stand still: {error.Message}";
            log.LogError("{Problem}", problem);
            return new StartResult([], [problem]);
        }
    }

    /// <summary>
    /// Stops the running ones in order, and waits. If one cannot be stopped, or the token fires, or the window is closed
    /// meanwhile, it closes: what was stopped is started again.
    /// </summary>
    /// <exception cref="ServiceException">A service could not be stopped.</exception>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        if (_settings.Stop.Count == 0)
            return;
        var isOpen = false;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closeRequested.Token);
            await StopAllAsync(either.Token);
            isOpen = true;
        }
        catch (DockerException error)
        {
            throw CannotStop(error);
        }
        finally
        {
            if (!isOpen)
                await CloseAtOnceAsync();
        }
    }

    /// <summary>
    /// Starts again what this window stopped, with retries, and waits; cannot be cancelled. Returns a sentence for each service
    /// that could not be started. It may be called by anyone at any time: every call waits for the one closing, and returns the same.
    /// </summary>
    public Task<IReadOnlyList<string>> CloseAsync()
    {
        lock (_gate)
            return _closing ??= Task.Run(CloseOnceAsync);
    }

    /// <summary>The same where nothing follows that the services must be ready for: without the wait, also if closing has begun.</summary>
    public Task<IReadOnlyList<string>> CloseAtOnceAsync()
    {
        _hurry.Cancel();
        return CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAtOnceAsync();
        _engine.Dispose();
        _closeRequested.Dispose();
        _hurry.Dispose();
    }

    private static ServiceException CannotStop(DockerException error) => new($"Services cannot be stopped. {error.Message}", error);

    private static List<string> NamesOf(IEnumerable<StoppedService> services) => [.. services.Select(service => service.Name).Distinct()];

    private async Task CheckAsync(CancellationToken cancellation)
    {
        if (_settings.Stop.Count == 0)
            return;
        _journal.EnsureWritable();
        _found = await _resolver.ResolveAsync(cancellation);
        // Who may stop and not start would leave everything standing still.
        await _engine.EnsureMayStopAndStartAsync(cancellation);
    }

    private async Task StopAllAsync(CancellationToken cancellation)
    {
        // Looked up again: the hooks, or time, may have changed what runs.
        var containers = await _resolver.ResolveAsync(cancellation);
        var running = containers.Where(container => container.IsRunning).Select(container => StoppedService.From(container, _time.GetUtcNow())).ToList();
        var resting = containers.Where(container => !container.IsRunning).Select(container => container.Details.PlainName).ToList();
        if (resting.Count > 0)
            _log.LogInformation("Not running, and left so: {Containers}", string.Join(", ", resting));
        if (running.Count == 0)
            return;

        MayFail.At(Failpoint.StopPlanned, cancellation);
        Journal(running, cancellation);
        MayFail.At(Failpoint.StopJournalled, cancellation);
        _log.LogInformation("Stopping services: {Services}", string.Join(", ", NamesOf(running)));
        foreach (var service in running)
            await BeginStop(service, cancellation).WaitAsync(cancellation);
        await Task.Delay(_settings.StopWait, _time, cancellation);
    }

    private void Journal(IReadOnlyList<StoppedService> services, CancellationToken cancellation)
    {
        lock (_gate)
        {
            ThrowIfClosing(cancellation);
            _journalled = services;
            _journal.Add(services);
            _firstStop = _time.GetTimestamp();
        }
    }

    /// <summary>Once it has begun, a stop is not taken back: the engine would go on with it without us, and we could not start it after.</summary>
    private Task BeginStop(StoppedService service, CancellationToken cancellation)
    {
        lock (_gate)
        {
            ThrowIfClosing(cancellation);
            var stop = new Stop(service, StopAsync(service));
            _stops.Add(stop);
            return stop.Ended;
        }
    }

    private void ThrowIfClosing(CancellationToken cancellation)
    {
        if (_closing is not null)
            throw new OperationCanceledException("The services are being started again; no more are stopped.");
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task StopAsync(StoppedService service)
    {
        try
        {
            await _engine.StopAsync(service.ContainerId, _settings.StopTimeout, CancellationToken.None);
            var stopped = await _engine.InspectAsync(service.ContainerId, CancellationToken.None);
            if (stopped?.State.ExitCode == KilledExitCode)
            {
                _log.LogWarning(
                    "{Service} did not end within {Seconds:0} s and was killed: what it still held in memory is not in its files. {Setting} gives it longer",
                    service, _settings.StopTimeout.TotalSeconds, _settings.StopTimeoutOrigin);
            }
            if (stopped is not { State.Running: true })
                return;
        }
        catch (DockerException error)
        {
            throw new ServiceException($"{service} could not be stopped. {error.Message}", error);
        }
        throw new ServiceException(
            $"{service} still runs, although the Docker engine was asked to stop it and to kill it after {_settings.StopTimeout.TotalSeconds:0} seconds.");
    }

    private async Task<IReadOnlyList<string>> CloseOnceAsync()
    {
        await _closeRequested.CancelAsync();
        // Nothing is added any more: whoever adds looks first, under the gate, whether closing has begun.
        var ended = _stops.Where(stop => stop.Ended.IsCompleted).Select(stop => stop.Service).Reverse().ToList();
        var underWay = _stops.Where(stop => !ended.Contains(stop.Service)).ToList();
        var problems = new List<string>();
        UpdateJournal(_journal.Remove, [.. _journalled.Except(_stops.Select(stop => stop.Service))], problems);
        if (_stops.Count == 0)
            return problems;

        _log.LogInformation("Starting services: {Services}", string.Join(", ", NamesOf(_stops.Select(stop => stop.Service).Reverse())));
        var starter = new ServiceStarter(_engine, _journal, _time, _log);
        problems.AddRange((await starter.StartAsync(ended, CancellationToken.None)).Problems);
        foreach (var stop in underWay)
        {
            // A start that overtakes the stop would find the service running, and the stop would then have the last word.
            await stop.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            problems.AddRange((await starter.StartAsync([stop.Service], CancellationToken.None)).Problems);
        }
        // It runs, but the engine may stop it later than we waited: the next run looks again.
        UpdateJournal(_journal.Add, [.. _stops.Where(stop => stop.MayStillCome).Select(stop => stop.Service)], problems);
        lock (_gate)
            _duration = _time.GetElapsedTime(_firstStop);
        await Task.Delay(_settings.StartWait, _time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return problems;
    }

    private void UpdateJournal(Action<IReadOnlyList<StoppedService>> update, IReadOnlyList<StoppedService> services, List<string> problems)
    {
        if (services.Count == 0)
            return;
        try
        {
            update(services);
        }
        catch (ServiceException error)
        {
            _log.LogError("{Problem}", error.Message);
            problems.Add(error.Message);
        }
    }

    /// <summary>A service, and the call that stops it: it ends when the service stands still, or fails when it does not.</summary>
    private sealed record Stop(StoppedService Service, Task Ended)
    {
        /// <summary>The call failed in such a way that the engine may carry it out nevertheless.</summary>
        public bool MayStillCome =>
            Ended.Exception?.InnerException is ServiceException { InnerException: not DockerException { IsUnreachable: false } };
    }
}
