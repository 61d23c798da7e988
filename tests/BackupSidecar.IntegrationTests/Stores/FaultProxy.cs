using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>What the proxy does with one request.</summary>
internal abstract record Fault
{
    /// <summary>Answers in the server's place.</summary>
    internal sealed record Answer(int Status, string Body = "", string? Location = null) : Fault
    {
        public static Answer Error(int status, string code) => new(status, $"<Error><Code>{code}</Code><Message>injected</Message></Error>");
    }

    /// <summary>Passes the request on and then loses the answer.</summary>
    internal sealed record LoseAnswer : Fault;

    /// <summary>Passes on the answer's headers and only half of its body.</summary>
    internal sealed record CutBody : Fault;

    /// <summary>Takes the request and says nothing.</summary>
    internal sealed record Silence : Fault;

    /// <summary>Passes the request on when this has completed, and not a byte of it before.</summary>
    internal sealed record Hold(Task Until) : Fault;
}

/// <summary>A small HTTP proxy in front of a real S3 server that can misbehave on chosen requests.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _upstream = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly Uri _server;
    private readonly Func<HttpListenerRequest, Fault?> _decide;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    /// <param name="server">The real server.</param>
    /// <param name="decide">The fault for a request, or null to pass it on.</param>
    public FaultProxy(Uri server, Func<HttpListenerRequest, Fault?> decide)
    {
        _server = server;
        _decide = decide;
        Endpoint = new Uri($"http://127.0.0.1:{FreePort()}");
        _listener.Prefixes.Add(Endpoint.AbsoluteUri);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>Method and address of every request that came.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The same of those that were answered, in the order of the answers.</summary>
    public ConcurrentQueue<string> Answered { get; } = new();

    /// <summary>Waits until so many requests that contain this text have come.</summary>
    public Task RequestedAsync(int count, string text, CancellationToken cancellation) => SeenAsync(Requests, count, text, cancellation);

    /// <summary>Waits until so many of them have been answered.</summary>
    public Task AnsweredAsync(int count, string text, CancellationToken cancellation) => SeenAsync(Answered, count, text, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Abort();
        await _serving;
        _upstream.Dispose();
        _stop.Dispose();
    }

    private static async Task SeenAsync(ConcurrentQueue<string> lines, int count, string text, CancellationToken cancellation)
    {
        while (lines.Count(line => line.Contains(text, StringComparison.Ordinal)) < count)
            await Task.Delay(10, cancellation);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        List<Task> running = [];
        try
        {
            while (true)
                running.Add(HandleAsync(await _listener.GetContextAsync()));
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        var line = $"{context.Request.HttpMethod} {context.Request.RawUrl}";
        Requests.Enqueue(line);
        try
        {
            await ObeyAsync(context, _decide(context.Request));
            Answered.Enqueue(line);
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException or HttpRequestException or OperationCanceledException)
        {
            // Either side has gone away, which is what these tests are about.
            context.Response.Abort();
        }
    }

    private async Task ObeyAsync(HttpListenerContext context, Fault? fault)
    {
        switch (fault)
        {
            case Fault.Silence:
                await Task.Delay(Timeout.Infinite, _stop.Token);
                break;
            case Fault.Hold hold:
                await hold.Until.WaitAsync(_stop.Token);
                await ForwardAsync(context, fault);
                break;
            case Fault.Answer answer:
                await context.Request.InputStream.CopyToAsync(Stream.Null, _stop.Token);
                context.Response.StatusCode = answer.Status;
                context.Response.RedirectLocation = answer.Location;
                context.Response.Close(System.Text.Encoding.UTF8.GetBytes(answer.Body), willBlock: true);
                break;
            default:
                await ForwardAsync(context, fault);
                break;
        }
    }

    private async Task ForwardAsync(HttpListenerContext context, Fault? fault)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), new Uri(_server, context.Request.RawUrl));
        if (context.Request.HttpMethod is "PUT" or "POST")
            request.Content = new StreamContent(context.Request.InputStream);
        foreach (var name in context.Request.Headers.AllKeys.OfType<string>().Where(name => name is not "Connection" and not "Expect"))
        {
            if (!request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]))
                request.Content?.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]);
        }
        using var answer = await _upstream.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
        if (fault is Fault.LoseAnswer)
            context.Response.Abort();
        else
            await ReturnAsync(context.Response, answer, isCut: fault is Fault.CutBody);
    }

    private async Task ReturnAsync(HttpListenerResponse response, HttpResponseMessage answer, bool isCut)
    {
        response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not "Transfer-Encoding" and not "Connection" and not "Content-Length"))
            response.Headers[name] = string.Join(',', values);
        if (answer.Content.Headers.ContentLength is { } length)
            response.ContentLength64 = length;
        var body = await answer.Content.ReadAsByteArrayAsync(_stop.Token);
        await response.OutputStream.WriteAsync(body.AsMemory(0, isCut ? body.Length / 2 : body.Length), _stop.Token);
        if (isCut)
            response.Abort();
        else
            response.Close();
    }
}
