using BackupSidecar.Reports;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Notifications;

/// <summary>
/// All who are told, told together, one run at a time. Nobody who is slow or down changes the outcome of a run or holds up the
/// backup: starts are told in the background, ends are waited for, but not for long, and what does not arrive is a line in the log.
/// </summary>
internal sealed class NotifierGroup(IReadOnlyList<INotifier> notifiers, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How long the end of a run waits for the news of its start, which must not arrive after it.</summary>
    private static readonly TimeSpan LongestWaitForStart = TimeSpan.FromSeconds(5);

    /// <summary>How long the end of a run is told when the program itself is asked to end: within Docker's ten seconds.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(3);

    private CancellationTokenSource? _giveUpStart;
    private Task[] _starts = [];

    /// <summary>How long the end of a run is told.</summary>
    public TimeSpan LongestFinish { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tells everyone, in the background.</summary>
    public void Started(Guid runId)
    {
        _giveUpStart?.Dispose();
        var giveUp = _giveUpStart = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _starts = [.. notifiers.Select(notifier =>
            Task.Run(() => TellAsync(notifier, token => notifier.StartedAsync(runId, token), giveUp.Token)))];
    }

    /// <summary>Tells everyone, and returns when they know it, or after <see cref="LongestFinish"/>. Never throws.</summary>
    /// <param name="report">The news.</param>
    /// <param name="interrupted">The program is asked to end: from then on there are only a few seconds left.</param>
    public async Task FinishedAsync(RunReport report, CancellationToken interrupted)
    {
        using var limit = new CancellationTokenSource(LongestFinish, time);
        var giveUpStart = _giveUpStart;
        giveUpStart?.CancelAfter(LongestWaitForStart);
        await using var farewell = interrupted.Register(() =>
        {
            giveUpStart?.Cancel();
            limit.CancelAfter(LongestFarewell);
        });
        var starts = _starts;

        await Task.WhenAll(notifiers.Select(async (notifier, index) =>
        {
            await (starts.ElementAtOrDefault(index) ?? Task.CompletedTask);
            await TellAsync(notifier, token => notifier.FinishedAsync(report, token), limit.Token);
        }));
    }

    public void Dispose() => _giveUpStart?.Dispose();

    private async Task TellAsync(INotifier notifier, Func<CancellationToken, Task> tell, CancellationToken giveUp)
    {
        try
        {
            // A notifier that does not heed its token is left behind.
            await tell(giveUp).WaitAsync(giveUp);
        }
        catch (OperationCanceledException)
        {
            log.LogWarning("The {Notifier} notification was given up: there was no answer in time.", notifier.Name);
        }
        catch (Exception e)
        {
            // Only our own messages certainly hold no address.
            var reason = e is NotificationException ? e.Message : e.GetType().Name;
            log.LogWarning("The {Notifier} notification failed: {Reason}", notifier.Name, reason);
        }
    }
}
