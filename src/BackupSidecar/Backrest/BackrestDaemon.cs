using System.Threading.Channels;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>
/// Keeps plans up to date for as long as it runs: at every interval, and soon after a labelled container came, went or changed its
/// name. A look that fails is told of, and the next one comes all the same.
/// </summary>
/// <param name="settings">How often.</param>
/// <param name="look">One look at everything; tells what goes wrong itself, and returns whether it is worth a new try soon.</param>
/// <param name="events">What happens to containers, or null if nobody asked to follow it.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it is told.</param>
internal sealed class BackrestDaemon(
    BackrestSettings settings, Func<CancellationToken, Task<bool>> look, ContainerEvents? events, TimeProvider time, ILogger log)
{
    /// <summary>A stack that comes up changes much at once; it is looked at when it has come to rest.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private const int MostRests = 5;

    private static readonly TimeSpan SoonInterval = TimeSpan.FromSeconds(10);

    private readonly Channel<ContainerEvent> _changes = Channel.CreateBounded<ContainerEvent>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Ends by cancellation only.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        log.DaemonStarted(settings.Interval, events is not null);
        var following = events is null ? Task.CompletedTask : FollowAsync(events, cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            var isSoon = await look(cancellation);
            await WaitAsync(isSoon && settings.Interval > SoonInterval ? SoonInterval : settings.Interval, cancellation);
        }
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Whether containers run is nothing to their plans: hooks stop and start them with each backup.</summary>
    private static bool Concerns(ContainerEvent told) => told.Change switch
    {
        ContainerChange.Unknown => true,
        ContainerChange.Created or ContainerChange.Destroyed or ContainerChange.Renamed => told.Labels.ContainsKey(BackrestLabels.Enable),
        _ => false,
    };

    private async Task FollowAsync(ContainerEvents events, CancellationToken cancellation)
    {
        await foreach (var told in events.FollowAsync(cancellation))
        {
            if (Concerns(told))
                _changes.Writer.TryWrite(told);
        }
    }

    private async Task WaitAsync(TimeSpan longest, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var changed = _changes.Reader.WaitToReadAsync(enough.Token).AsTask();
        var elapsed = Task.Delay(longest, time, enough.Token);
        await Task.WhenAny(changed, elapsed);
        var isChanged = changed.IsCompletedSuccessfully;
        await enough.CancelAsync();
        await Task.WhenAll(changed, elapsed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var rests = 0; isChanged && rests < MostRests && _changes.Reader.TryRead(out _); rests++)
            await Task.Delay(Rest, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
