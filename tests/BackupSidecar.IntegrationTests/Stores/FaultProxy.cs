using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>
/// A small HTTP/1.1 proxy in front of a real server that can misbehave on chosen requests. It speaks to its clients by sockets, so
/// that what breaks looks to them as it does in life; requests are passed on as they were signed.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private const int Chunk = 64 * 1024;

    private readonly Socket _listener;
    private readonly HttpClient _upstream;
    private readonly Uri _server;
    private readonly Func<ProxiedRequest, Fault?> _decide;
    private readonly X509Certificate2? _certificate;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _connections;

    /// <param name="server">The real server.</param>
    /// <param name="decide">The fault for a request, or null to pass it on.</param>
    /// <param name="certificate">Clients are spoken to over TLS, with this; null for plain HTTP.</param>
    public FaultProxy(Uri server, Func<ProxiedRequest, Fault?> decide, X509Certificate2? certificate = null)
        : this(new IPEndPoint(IPAddress.Loopback, 0), new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, server, decide, certificate)
    {
    }

    private FaultProxy(EndPoint listenAt, SocketsHttpHandler way, Uri server, Func<ProxiedRequest, Fault?> decide, X509Certificate2? certificate)
    {
        (_upstream, _server, _decide, _certificate) = (new HttpClient(way) { Timeout = Timeout.InfiniteTimeSpan }, server, decide, certificate);
        _listener = new Socket(listenAt.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(listenAt);
        _listener.Listen();
        var port = _listener.LocalEndPoint is IPEndPoint bound ? bound.Port : 0;
        Endpoint = new Uri($"{(certificate is null ? "http" : "https")}://127.0.0.1:{port}");
        _serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>How many connections were opened, with or without a request.</summary>
    public int Connections => _connections;

    /// <summary>Method and address of every request that came.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The same of those that were answered, in the order of the answers.</summary>
    public ConcurrentQueue<string> Answered { get; } = new();

    /// <summary>A proxy that listens at a Unix socket, in front of a server that does.</summary>
    public static FaultProxy OnSocket(string path, string server, Func<ProxiedRequest, Fault?> decide)
    {
        var way = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(server), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new FaultProxy(new UnixDomainSocketEndPoint(path), way, new Uri("http://docker"), decide, certificate: null);
    }

    /// <summary>Waits until so many requests that contain this text have come.</summary>
    public Task RequestedAsync(int count, string text, CancellationToken cancellation) => SeenAsync(Requests, count, text, cancellation);

    /// <summary>Waits until so many of them have been answered.</summary>
    public Task AnsweredAsync(int count, string text, CancellationToken cancellation) => SeenAsync(Answered, count, text, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        _upstream.Dispose();
        _stop.Dispose();
    }

    private static async Task SeenAsync(ConcurrentQueue<string> lines, int count, string text, CancellationToken cancellation)
    {
        while (lines.Count(line => line.Contains(text, StringComparison.Ordinal)) < count)
            await Task.Delay(10, cancellation);
    }

    private async Task ServeAsync()
    {
        List<Task> running = [];
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                running.RemoveAll(task => task.IsCompleted);
                running.Add(HandleAsync(socket));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task HandleAsync(Socket socket)
    {
        Stream stream = new NetworkStream(socket);
        try
        {
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
            }
            using var connection = new ProxiedConnection(socket, stream);
            while (await connection.ReadHeadAsync(_stop.Token) is { } request && await ServeAsync(connection, request))
            {
                // On to the next request of this connection.
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side has gone away, which is what these tests are about.
        }
        finally
        {
            await stream.DisposeAsync();
            socket.Dispose();
        }
    }

    /// <summary>Returns whether the connection can go on.</summary>
    private async Task<bool> ServeAsync(ProxiedConnection connection, ProxiedRequest request)
    {
        Requests.Enqueue(request.ToString());
        var fault = _decide(request);
        try
        {
            if (fault is Fault.Silence)
                await Task.Delay(Timeout.Infinite, _stop.Token);
            if (fault is Fault.Hold hold)
                await hold.Until.WaitAsync(_stop.Token);
            if (fault is Fault.Reset)
                throw new IOException("The proxy breaks off here.");
            if (request.Headers["Expect"] is not null)
                await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n", _stop.Token);
            await using var body = new PassingBody(connection, request.BodyBytes, fault);
            var goesOn = fault is Fault.Answer answer ? await AnswerAsync(connection, request, body, answer) : await ForwardAsync(connection, request, body, fault);
            Answered.Enqueue(request.ToString());
            return goesOn;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            connection.Reset();
            return false;
        }
    }

    private async Task<bool> AnswerAsync(ProxiedConnection connection, ProxiedRequest request, PassingBody body, Fault.Answer answer)
    {
        await body.CopyToAsync(Stream.Null, _stop.Token);
        (string, string)[] date = answer.Headers.Any(header => header.Name == "Date") ? [] : [("Date", DateTimeOffset.UtcNow.ToString("r"))];
        await connection.WriteAsync(Head(answer.Status, answer.Headers.Concat(date), answer.Body.Length), _stop.Token);
        if (request.HttpMethod != "HEAD")
            await connection.WriteAsync(answer.Body, _stop.Token);
        return true;
    }

    private async Task<bool> ForwardAsync(ProxiedConnection connection, ProxiedRequest request, PassingBody body, Fault? fault)
    {
        using var passed = new HttpRequestMessage(new HttpMethod(request.HttpMethod), new Uri(_server, request.RawUrl));
        if (request.HttpMethod is "PUT" or "POST")
            passed.Content = new StreamContent(body, Chunk);
        foreach (var name in request.Headers.AllKeys.OfType<string>().Where(name => name is not "Connection" and not "Expect"))
        {
            if (!passed.Headers.TryAddWithoutValidation(name, request.Headers[name]))
                passed.Content?.Headers.TryAddWithoutValidation(name, request.Headers[name]);
        }
        using var answer = await _upstream.SendAsync(passed, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
        return fault switch
        {
            Fault.LoseAnswer => throw new IOException("The proxy breaks off here."),
            Fault.OtherAnswer other => await AnswerAsync(connection, request, body, other.Instead),
            _ => await ReturnAsync(connection, request, answer, fault),
        };
    }

    private async Task<bool> ReturnAsync(ProxiedConnection connection, ProxiedRequest request, HttpResponseMessage answer, Fault? fault)
    {
        var isBodiless = request.HttpMethod == "HEAD" || answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified;
        var body = isBodiless ? [] : await answer.Content.ReadAsByteArrayAsync(_stop.Token);
        long? length = request.HttpMethod == "HEAD" ? answer.Content.Headers.ContentLength : isBodiless ? null : body.Length;
        var half = body.Length / 2;
        var given = fault switch
        {
            Fault.CutBody or Fault.ShortBody or Fault.StallAnswer => half,
            Fault.Cut cut => Math.Min(cut.Bytes, body.Length),
            _ => body.Length,
        };
        if (fault is Fault.FlipAnswer && body.Length > 0)
            body[half] ^= 0x10;
        if (fault is Fault.ShortBody or Fault.Cut { IsTold: true })
            length = given;
        var headers = answer.Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key is not "Transfer-Encoding" and not "Connection" and not "Content-Length")
            .Select(header => (header.Key, string.Join(',', header.Value)))
            .Where(header => fault is not Fault.Retitle other || other.Name != header.Key)
            .Concat(fault is Fault.Retitle added ? [(added.Name, added.Value)] : []);

        await connection.WriteAsync(Head((int)answer.StatusCode, headers, length), _stop.Token);
        await connection.WriteAsync(body.AsMemory(0, given), _stop.Token);
        if (fault is Fault.StallAnswer)
            await Task.Delay(Timeout.Infinite, _stop.Token);
        return fault is not Fault.CutBody and not Fault.Cut;
    }

    private static string Head(int status, IEnumerable<(string Name, string Value)> headers, long? length)
    {
        var head = new StringBuilder($"HTTP/1.1 {status} {(HttpStatusCode)status}\r\n");
        foreach (var (name, value) in headers)
            head.Append($"{name}: {value}\r\n");
        return (length is null ? head : head.Append($"Content-Length: {length}\r\n")).Append("\r\n").ToString();
    }
}
