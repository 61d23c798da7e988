using System.Runtime.CompilerServices;
using System.Threading.Channels;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Discovery;

/// <summary>
/// Looks at all containers whenever the engine tells that something happened to one, and at every tick whatever was told. What it
/// says is never put together from events: these only say that it is time to look.
/// </summary>
internal sealed class ContainerWatch(DockerEngine engine, TimeSpan interval, TimeProvider time, ILogger log)
{
    /// <summary>Events come in swarms; a swarm is one look.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);

    /// <summary>The engine tells of what it does before its list shows it, on a busy machine by more than the gathering.</summary>
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private string? _trouble;
    private bool _wasCalled;

    /// <summary>All containers, again and again until the token fires. While the engine cannot be asked nothing comes, and what came last holds.</summary>
    public async IAsyncEnumerable<IReadOnlyList<ContainerSummary>> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var listening = ListenAsync(ends.Token);
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                if (await TryListAsync(cancellation) is { } containers)
                    yield return containers;
                await WaitAsync(cancellation);
            }
        }
        finally
        {
            await ends.CancelAsync();
            await listening;
        }
    }

    private async Task<IReadOnlyList<ContainerSummary>?> TryListAsync(CancellationToken cancellation)
    {
        try
        {
            var containers = await engine.ListContainersAsync(cancellation);
            if (_trouble is not null)
                log.LogInformation("The Docker engine answers again.");
            _trouble = null;
            return containers;
        }
        catch (DockerException failure)
        {
            // Said once, and not at every tick.
            if (_trouble != failure.Message)
                log.LogWarning("Labels cannot be read; what they said last holds. {Problem}", failure.Message);
            _trouble = failure.Message;
            return null;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Until somebody calls, or the tick. After a call, the next one comes soon.</summary>
    private async Task WaitAsync(CancellationToken cancellation)
    {
        using var tick = new CancellationTokenSource(_wasCalled && Afterwards < interval ? Afterwards : interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tick.Token, cancellation);
        _wasCalled = false;
        try
        {
            await _calls.Reader.ReadAsync(either.Token);
            _wasCalled = true;
            await Task.Delay(Gathering, time, cancellation);
            _calls.Reader.TryRead(out _);
        }
        catch (OperationCanceledException)
        {
            // The tick has come, or the end.
        }
    }

    /// <summary>What happened while nobody listened is told, too: as something that nobody knows. That an engine is away, the look at it tells.</summary>
    private async Task ListenAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var _ in new ContainerEvents(engine, time, NullLogger.Instance).FollowAsync(cancellation))
                Call();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            log.LogDebug("The events of the Docker engine are not followed any more.");
        }
    }

    private void Call() => _calls.Writer.TryWrite(true);
}
