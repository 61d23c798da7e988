using System.Net;
using System.Net.Sockets;
using System.Text;
using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Http;

/// <summary>
/// Answers questions over HTTP/1.1: one to a connection, with nothing to send but its first lines, so that there is nothing to keep and
/// little to get wrong. Whoever is slow, or asks at length, is cut off.
/// </summary>
internal sealed class HttpServer : IDisposable
{
    private const int MostConnections = 32;
    private const int LongestHead = 8 * 1024;

    /// <summary>How long a question and its answer may take together.</summary>
    private static readonly TimeSpan LongestExchange = TimeSpan.FromSeconds(15);

    /// <summary>How long a client gets to read before the connection is cut.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly Func<HttpQuestion, CancellationToken, Task<HttpAnswer>> _answer;
    private readonly ILogger _log;
    private int _connections;

    private HttpServer(Socket listener, Func<HttpQuestion, CancellationToken, Task<HttpAnswer>> answer, ILogger log)
    {
        _listener = listener;
        _answer = answer;
        _log = log;
    }

    /// <summary>The port on which it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port; // It is bound.

    /// <exception cref="ConfigurationException">It cannot listen there.</exception>
    public static HttpServer Listen(HttpSettings settings, Func<HttpQuestion, CancellationToken, Task<HttpAnswer>> answer, ILogger log)
    {
        var socket = Open(settings.Address, out var address);
        try
        {
            socket.Bind(new IPEndPoint(address, settings.Port));
            socket.Listen();
            return new HttpServer(socket, answer, log);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new ConfigurationException([new ConfigurationFault(
                HttpSettingTable.Port.Name, $"it cannot listen on port {settings.Port} of {address}: {failure.Message}. Choose another port, or 0 for none.")]);
        }
    }

    /// <summary>Answers until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(cancellation);
                _ = ServeAsync(client, cancellation);
            }
            catch (SocketException failure)
            {
                // The client was gone at once, or there are no more descriptors for now.
                _log.LogDebug("A connection could not be accepted: {Reason}", failure.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Where there is IPv6, its "any" takes connections of both versions.</summary>
    private static Socket Open(IPAddress wanted, out IPAddress address)
    {
        address = wanted.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6 ? IPAddress.Any : wanted;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.Equals(IPAddress.IPv6Any))
            socket.DualMode = true;
        return socket;
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellation)
    {
        using var connection = client;
        try
        {
            if (Interlocked.Increment(ref _connections) > MostConnections)
                return;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(LongestExchange);
            await AnswerAsync(client, limit.Token);
        }
        catch (Exception gone) when (gone is SocketException or OperationCanceledException)
        {
            _log.LogDebug("A question over HTTP was not answered to its end: {Reason}", gone.Message);
        }
        catch (Exception failure)
        {
            _log.LogError(failure, "A question over HTTP could not be answered. Please report it with these lines.");
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task AnswerAsync(Socket client, CancellationToken cancellation)
    {
        var (question, refusal) = await ReadAsync(client, cancellation);
        var answer = refusal ?? await _answer(question!, cancellation); // There is one or the other.
        var bytes = answer.ToBytes(question is { IsHead: true });
        for (var sent = 0; sent < bytes.Length;)
            sent += await client.SendAsync(bytes.AsMemory(sent), cancellation);
        await SayFarewellAsync(client);
    }

    private static async Task<(HttpQuestion? Question, HttpAnswer? Refusal)> ReadAsync(Socket client, CancellationToken cancellation)
    {
        var head = new byte[LongestHead];
        for (var length = 0; length < head.Length;)
        {
            var received = await client.ReceiveAsync(head.AsMemory(length), cancellation);
            if (received == 0)
                return (null, new HttpAnswer(HttpStatusCode.BadRequest, "The request ended too soon.\n"));
            length += received;
            if (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                return HttpQuestion.Parse(Encoding.ASCII.GetString(head, 0, head.AsSpan().IndexOf("\r\n"u8)));
        }
        return (null, new HttpAnswer(HttpStatusCode.RequestHeaderFieldsTooLarge, "The request is too long.\n"));
    }

    /// <summary>A connection that is closed with something unread is reset, and the answer may be lost with it.</summary>
    private static async Task SayFarewellAsync(Socket client)
    {
        client.Shutdown(SocketShutdown.Send);
        using var limit = new CancellationTokenSource(LongestFarewell);
        var rest = new byte[1024];
        while (await client.ReceiveAsync(rest, limit.Token) > 0)
        {
            // What is left is of no interest.
        }
    }
}
