using System.Text;
using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>
/// Brings messages to webhooks, at least once each: one is kept in the outbox before it is sent, and stays there until it has arrived.
/// What a run could not deliver is sent later by the daemon, or by the next run. Messages are signed where there is a secret.
/// </summary>
/// <param name="outbox">Where messages wait.</param>
/// <param name="breakers">Which addresses are spared for now.</param>
/// <param name="anywhere">For addresses that the operator has set.</param>
/// <param name="forLabels">For addresses that a label supplied.</param>
/// <param name="addressOf">The address that a setting has now; null if it has none any more.</param>
/// <param name="secret">What messages are signed with, or null.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where is told what became of messages that waited.</param>
internal sealed class WebhookCourier(
    Outbox outbox, CircuitBreakers breakers, PingClient anywhere, PingClient forLabels, Func<string, PingUrl?> addressOf, Secret? secret,
    TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    /// <summary>Addresses of labels that are waited for at the same time; others have their turn later.</summary>
    private const int MostOfLabels = 4;

    /// <summary>How often each waiting message was tried in vain by this process, and when it is next.</summary>
    private readonly Dictionary<Guid, (int Failures, DateTimeOffset NotBefore)> _waits = [];

    /// <summary>Where something is on its way to, and whether a label supplied that address.</summary>
    private readonly Dictionary<string, bool> _busy = [];

    private readonly Lock _gate = new();

    /// <summary>Sends a message now.</summary>
    /// <exception cref="NotificationException">It did not arrive. Unless that cannot change any more, it is kept and sent later.</exception>
    public async Task SendAsync(WebhookMessage message, CancellationToken cancellation)
    {
        if (!TryKeep(message))
        {
            await DeliverAsync(message, cancellation);
            return;
        }
        using var held = outbox.TryTake(message.Id);
        // If somebody else was quicker, it is on its way.
        if (held is not null)
            await DeliverKeptAsync(held.Message, cancellation);
    }

    /// <summary>
    /// Sends what waits and is due, to each address by itself: one that does not answer keeps no other waiting, and one that is being
    /// waited for already is left out. Throws nothing but for cancellation.
    /// </summary>
    public Task DeliverWaitingAsync(CancellationToken cancellation) => DeliverAsync(outbox.Waiting(), cancellation);

    /// <summary>The same for what the operator's own addresses get: a run waits for no others.</summary>
    public Task DeliverOwnAsync(CancellationToken cancellation) =>
        DeliverAsync(outbox.Waiting().Where(message => message.LabelUrl is null), cancellation);

    private Task DeliverAsync(IEnumerable<WebhookMessage> waiting, CancellationToken cancellation) => Task.WhenAll(
        [.. waiting.Where(IsDue).GroupBy(message => message.Destination).Select(same => DeliverInTurnAsync([.. same], cancellation))]);

    /// <summary>All of one address, until one of them fails: the others would, too.</summary>
    private async Task DeliverInTurnAsync(IReadOnlyList<WebhookMessage> messages, CancellationToken cancellation)
    {
        var (destination, isOfLabel) = (messages[0].Destination, messages[0].LabelUrl is not null);
        lock (_gate)
        {
            if ((isOfLabel && _busy.Values.Count(ofLabel => ofLabel) >= MostOfLabels) || !_busy.TryAdd(destination, isOfLabel))
                return;
        }
        try
        {
            foreach (var message in messages)
            {
                using var held = outbox.TryTake(message.Id);
                if (held is not null && !await TryDeliverAsync(held.Message, cancellation))
                    return;
            }
        }
        finally
        {
            lock (_gate)
                _busy.Remove(destination);
        }
    }

    private bool IsDue(WebhookMessage message)
    {
        lock (_gate)
            return !_waits.TryGetValue(message.Id, out var wait) || time.GetUtcNow() >= wait.NotBefore;
    }

    private async Task<bool> TryDeliverAsync(WebhookMessage message, CancellationToken cancellation)
    {
        try
        {
            await DeliverKeptAsync(message, cancellation);
            lock (_gate)
                _waits.Remove(message.Id);
            log.LogInformation("The webhook message of {CreatedAt:u} to {Target} has arrived.", message.CreatedAt, message.Target);
            return true;
        }
        catch (NotificationException failure)
        {
            lock (_gate)
            {
                var failures = _waits.GetValueOrDefault(message.Id).Failures + 1;
                var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
                _waits[message.Id] = (failures, time.GetUtcNow() + (pause < LongestPause ? pause : LongestPause));
            }
            log.LogDebug("A webhook message still waits: {Reason}", failure.Message);
            return false;
        }
    }

    private bool TryKeep(WebhookMessage message)
    {
        try
        {
            return outbox.Put(message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("A webhook message cannot be kept in case it does not arrive: {Problem}", failure.Message);
            return false;
        }
    }

    private async Task DeliverKeptAsync(WebhookMessage message, CancellationToken cancellation)
    {
        try
        {
            await DeliverAsync(message, cancellation);
            outbox.Remove(message.Id);
        }
        catch (NotificationException failure) when (failure.IsFinal)
        {
            outbox.Remove(message.Id);
            throw;
        }
        catch (NotificationException failure)
        {
            throw new NotificationException($"{failure.Message} The message is kept and sent later.", failure);
        }
    }

    private async Task DeliverAsync(WebhookMessage message, CancellationToken cancellation)
    {
        var url = AddressFor(message);
        if (!breakers.MayTry(url))
            throw new NotificationException($"{url} has failed {CircuitBreakers.Failures} times in a row and is left alone for half a minute.");
        try
        {
            await (message.LabelUrl is null ? anywhere : forLabels).PostAsync(Ping(message, url), cancellation);
        }
        catch (Exception failure) when (failure is NotificationException or OperationCanceledException)
        {
            breakers.Failed(url);
            throw;
        }
        breakers.Succeeded(url);
    }

    private PingUrl AddressFor(WebhookMessage message) =>
        message.LabelUrl is { } url ? PingUrl.Parse(message.Target, new Secret(url), "https://example.com/hook")
        : addressOf(message.Target)
            ?? throw new NotificationException($"{message.Target} is not set any more, and a message to it is dropped.") { IsFinal = true };

    private PingMessage Ping(WebhookMessage message, PingUrl url)
    {
        var body = Encoding.UTF8.GetBytes(message.Body);
        var id = message.Id.ToString("D");
        var signature = secret is null ? [] : WebhookSignature.Headers(secret, id, time.GetUtcNow(), body);
        return new PingMessage(url, url.With(), body, message.ContentType)
        {
            Headers = [new(WebhookSignature.IdHeader, id), .. signature],
            UserAgent = message.UserAgent,
        };
    }
}
