using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace BackupSidecar.Tests.Notifications;

/// <summary>A request as it came over the wire.</summary>
internal sealed record Ping(string RequestLine, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Target => RequestLine.Split(' ')[1];

    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>
/// A server on loopback that reads requests byte by byte and answers what a test tells it to: a status, with header lines if
/// need be, or <see cref="Never"/>, or <see cref="HangUp"/>. Without orders it answers 200.
/// </summary>
internal sealed class FakePingServer : IAsyncDisposable
{
    public const string Never = "never";
    public const string HangUp = "hang up";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _answers;
    private readonly Channel<Ping> _pings = Channel.CreateUnbounded<Ping>();
    private readonly Task _loop;

    public FakePingServer(params string[] answers)
    {
        _answers = new ConcurrentQueue<string>(answers);
        _listener.Start();
        _loop = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>All requests that have come and were not asked for yet.</summary>
    public List<Ping> Pings
    {
        get
        {
            var pings = new List<Ping>();
            while (_pings.Reader.TryRead(out var ping))
                pings.Add(ping);
            return pings;
        }
    }

    public Task<Ping> NextAsync() => _pings.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _loop;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        // A listener that is gone already is not listening, which is no error at the end.
        catch (Exception e) when (e is OperationCanceledException or SocketException || (e is InvalidOperationException && _end.IsCancellationRequested))
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var stream = client.GetStream();
            while (await ReadAsync(stream) is { } ping)
            {
                await _pings.Writer.WriteAsync(ping, _end.Token);
                var answer = _answers.TryDequeue(out var next) ? next : "200";
                if (answer == HangUp)
                    return;
                if (answer == Never)
                    await Task.Delay(Timeout.Infinite, _end.Token);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\nOK"), _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The client has gone, or the test has ended.
        }
    }

    private async Task<Ping?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!EndsHead(head))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _end.Token);
        return new Ping(lines[0], headers, body);
    }

    private static bool EndsHead(List<byte> bytes) => bytes.Count >= 4 && bytes[^4] == '\r' && bytes[^3] == '\n' && bytes[^2] == '\r' && bytes[^1] == '\n';
}
