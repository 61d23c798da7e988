using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace BackupSidecar.Notifications;

/// <summary>How long and how often one message is tried.</summary>
internal sealed record PingPolicy
{
    public int Tries { get; init; } = 5;

    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after the first failed try; each further one is twice as long. All vary by half, to spread out.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Posts small messages over HTTP: tries again where that may help (no answer, 408, 429, 5xx), gives up at once where it cannot.
/// No redirect is followed, for it could carry the message to anyone. Proxies are those of the environment.
/// </summary>
internal sealed class PingClient(PingPolicy policy, Random random, TimeProvider time) : IDisposable
{
    private static readonly ProductInfoHeaderValue UserAgent =
        new("backup-sidecar", typeof(PingClient).Assembly.GetName().Version?.ToString(3));

    private HttpClient? _http;

    /// <summary>Made when it is first needed: the daemon between its runs needs none, and no memory for one.</summary>
    private HttpClient Http => LazyInitializer.EnsureInitialized(ref _http, () => new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // Runs are hours apart; a kept connection would be dead, and its address outdated.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    { Timeout = Timeout.InfiniteTimeSpan });

    /// <summary>Posts until it is accepted, and returns the headers of the answer.</summary>
    /// <param name="url">For messages about failures, and for credentials.</param>
    /// <param name="address">Where to post: the URL with its additions.</param>
    /// <param name="body">UTF-8 text.</param>
    /// <param name="contentType">How it is declared.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NotificationException">It was refused, or every try failed.</exception>
    public async Task<HttpResponseHeaders> PostAsync(
        PingUrl url, Uri address, byte[] body, string contentType, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await TryAsync(url, address, body, contentType, cancellation);
            if (outcome.Accepted is { } headers)
                return headers;
            if (!outcome.IsTransient)
                throw new NotificationException($"{url} {outcome.Problem}", outcome.Cause);
            if (attempt == policy.Tries)
                throw new NotificationException($"{url} {outcome.Problem} Tried {attempt} times.", outcome.Cause);
            await Task.Delay(policy.FirstPause * Math.Pow(2, attempt - 1) * (0.5 + random.NextDouble()), time, cancellation);
        }
    }

    public void Dispose() => _http?.Dispose();

    private async Task<Outcome> TryAsync(PingUrl url, Uri address, byte[] body, string contentType, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(policy.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.UserAgent.Add(UserAgent);
        request.Headers.Authorization = url.Authorization;
        try
        {
            using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return Judge(response);
        }
        catch (HttpRequestException e)
        {
            return new Outcome(IsTransient: true, Problem: $"could not be reached: {e.GetBaseException().Message}.", Cause: e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            var problem = $"did not answer within {policy.AttemptTimeout.TotalSeconds:0.#} seconds.";
            return new Outcome(IsTransient: true, Problem: problem, Cause: e);
        }
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
        HttpResponseHeaders? Accepted = null, bool IsTransient = false, string Problem = "", Exception? Cause = null);
}
