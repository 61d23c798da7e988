using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using BackupSidecar.Notifications.Webhooks;

namespace BackupSidecar.Notifications;

/// <summary>How long and how often one message is tried.</summary>
internal sealed record PingPolicy
{
    public int Tries { get; init; } = 5;

    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after the first failed try; each further one is twice as long. All vary by half, to spread out.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pauses grow no longer than this.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>One message. The URL is for what is told of it and for credentials; the address is where it goes: the URL with its additions.</summary>
internal sealed record PingMessage(PingUrl Url, Uri Address, byte[] Body, string ContentType)
{
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What the sender calls itself; null for the name and version of this program.</summary>
    public string? UserAgent { get; init; }
}

/// <summary>
/// Posts small messages over HTTP: tries again where that may help (no answer, 408, 429, 5xx), gives up at once where it cannot.
/// No redirect is followed, for it could carry the message to anyone. Proxies are those of the environment, unless only public
/// addresses may be spoken to: behind a proxy nobody could tell.
/// </summary>
/// <param name="policy">How long and how often.</param>
/// <param name="random">Spreads the pauses.</param>
/// <param name="time">The clock.</param>
/// <param name="only">Gives the guard of where it may connect to; null: anywhere.</param>
internal sealed class PingClient(PingPolicy policy, Random random, TimeProvider time, Func<PublicAddresses>? only = null) : IDisposable
{
    private static readonly ProductInfoHeaderValue UserAgent =
        new("backup-sidecar", typeof(PingClient).Assembly.GetName().Version?.ToString(3));

    private HttpClient? _http;

    /// <summary>Made when it is first needed: the daemon between its runs needs none, and no memory for one.</summary>
    private HttpClient Http => LazyInitializer.EnsureInitialized(ref _http, () => new HttpClient(Handler(only)) { Timeout = Timeout.InfiniteTimeSpan });

    /// <summary>Posts until it is accepted, and returns the headers of the answer.</summary>
    /// <exception cref="NotificationException">It was refused, or every try failed.</exception>
    public async Task<HttpResponseHeaders> PostAsync(PingMessage message, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await TryAsync(message, cancellation);
            if (outcome.Accepted is { } headers)
                return headers;
            if (!outcome.IsTransient)
                throw new NotificationException($"{message.Url} {outcome.Problem}", outcome.Cause) { IsFinal = outcome.IsFinal };
            if (attempt >= policy.Tries)
                throw new NotificationException($"{message.Url} {outcome.Problem} Tried {attempt} times.", outcome.Cause);
            await Task.Delay(Pause(attempt), time, cancellation);
        }
    }

    public void Dispose() => _http?.Dispose();

    private static SocketsHttpHandler Handler(Func<PublicAddresses>? only)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // Runs are hours apart; a kept connection would be dead, and its address outdated.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        if (only is null)
            return handler;
        handler.UseProxy = false;
        var guard = only();
        handler.ConnectCallback = (context, cancellation) => guard.ConnectAsync(context.DnsEndPoint, cancellation);
        return handler;
    }

    private TimeSpan Pause(int attempt)
    {
        var pause = policy.FirstPause * Math.Pow(2, attempt - 1) * (0.5 + random.NextDouble());
        return pause < policy.LongestPause ? pause : policy.LongestPause;
    }

    private async Task<Outcome> TryAsync(PingMessage message, CancellationToken cancellation)
    {
        if (only is not null && PublicAddresses.Problem(message.Address) is { } problem)
            return new Outcome(IsFinal: true, Problem: $"cannot be called for a label: {problem}");
        using var timeout = new CancellationTokenSource(policy.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var request = Request(message);
        try
        {
            using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return Judge(response);
        }
        catch (HttpRequestException e) when (e.GetBaseException() is AddressRefusedException refused)
        {
            return new Outcome(IsFinal: true, Problem: refused.Message, Cause: e);
        }
        catch (HttpRequestException e)
        {
            return new Outcome(IsTransient: true, Problem: $"could not be reached: {e.GetBaseException().Message}.", Cause: e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            var silence = $"did not answer within {policy.AttemptTimeout.TotalSeconds:0.#} seconds.";
            return new Outcome(IsTransient: true, Problem: silence, Cause: e);
        }
    }

    private static HttpRequestMessage Request(PingMessage message)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, message.Address) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(message.ContentType);
        if (message.UserAgent is { } name)
            request.Headers.UserAgent.ParseAdd(name);
        else
            request.Headers.UserAgent.Add(UserAgent);
        request.Headers.Authorization = message.Url.Authorization;
        foreach (var (header, value) in message.Headers)
            request.Headers.Add(header, value);
        return request;
    }

    private static Outcome Judge(HttpResponseMessage response)
    {
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        return (int)response.StatusCode switch
        {
            >= 200 and < 300 => new Outcome(Accepted: response.Headers),
            >= 300 and < 400 => new Outcome(Problem: $"answered {status}, a redirect, which is not followed. Set the final address."),
            >= 500 or (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.RequestTimeout =>
                new Outcome(IsTransient: true, Problem: $"answered {status}."),
            _ => new Outcome(Problem: $"answered {status}: the address is wrong, or its owner does not accept the message."),
        };
    }

    private readonly record struct Outcome(
        HttpResponseHeaders? Accepted = null, bool IsTransient = false, bool IsFinal = false, string Problem = "", Exception? Cause = null);
}
