using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace BackupSidecar.Tests.Support;

internal sealed record TinyRequest(string Method, string Path, string Query, string Head = "", string Body = "");

internal sealed record TinyResponse(int Status, string Body = "", string ContentType = "application/json", string? ApiVersion = null)
{
    /// <summary>What follows the body, piece by piece, until the channel is completed.</summary>
    public ChannelReader<string>? Stream { get; init; }
}

/// <summary>
/// An HTTP/1.1 server over a Unix socket or a TCP port, with connections that stay open: what a Docker engine speaks. On
/// a connection that was switched to another protocol (101) nothing is ever said.
/// </summary>
internal sealed class TinyHttpServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<TinyRequest, CancellationToken, Task<TinyResponse>> _answer;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;

    public TinyHttpServer(EndPoint endPoint, Func<TinyRequest, CancellationToken, Task<TinyResponse>> answer)
    {
        _answer = answer;
        _listener = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(endPoint);
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public EndPoint? EndPoint => _listener.LocalEndPoint;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptAsync(_ended.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                while (await ReadHeadAsync(socket) is { Length: > 0 } head)
                {
                    var target = head[..head.IndexOf('\r', StringComparison.Ordinal)].Split(' ');
                    var parts = target[1].Split('?', 2);
                    var body = await ReadBodyAsync(socket, head);
                    var response = await _answer(new TinyRequest(target[0], parts[0], parts.Length > 1 ? parts[1] : "", head, body), _ended.Token);
                    await socket.SendAsync(Encode(response), _ended.Token);
                    if (response.Stream is not null)
                    {
                        await StreamAsync(socket, response.Stream);
                        return;
                    }
                }
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                // The server or the client went away in the middle: the connection ends, as in life.
                return;
            }
        }
    }

    private async Task<string> ReadHeadAsync(Socket socket)
    {
        var head = new StringBuilder();
        var buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await socket.ReceiveAsync(buffer, _ended.Token) == 0)
                return "";
            head.Append((char)buffer[0]);
        }
        return head.ToString();
    }

    private async Task<string> ReadBodyAsync(Socket socket, string head)
    {
        const string Name = "\r\nContent-Length: ";
        var start = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase) + Name.Length;
        if (start < Name.Length)
            return "";
        var body = new byte[int.Parse(head[start..head.IndexOf('\r', start)], CultureInfo.InvariantCulture)];
        for (var read = 0; read < body.Length;)
        {
            var received = await socket.ReceiveAsync(body.AsMemory(read), _ended.Token);
            if (received == 0)
                return "";
            read += received;
        }
        return Encoding.UTF8.GetString(body);
    }

    /// <summary>An answer without a length ends with its connection.</summary>
    private async Task StreamAsync(Socket socket, ChannelReader<string> pieces)
    {
        await foreach (var piece in pieces.ReadAllAsync(_ended.Token))
            await socket.SendAsync(Encoding.Latin1.GetBytes(piece), _ended.Token);
    }

    private static byte[] Encode(TinyResponse response)
    {
        var hasBody = response.Status is not (101 or 204 or 304) && response.Stream is null;
        var head = new StringBuilder().Append($"HTTP/1.1 {response.Status} Some Reason\r\n");
        if (response.ApiVersion is not null)
            head.Append($"Api-Version: {response.ApiVersion}\r\n");
        if (response.Status == 101)
            head.Append("Connection: Upgrade\r\nUpgrade: tcp\r\n");
        if (hasBody)
            head.Append($"Content-Type: {response.ContentType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(response.Body)}\r\n");
        return Encoding.UTF8.GetBytes(head.Append("\r\n").Append(hasBody ? response.Body : "").ToString());
    }
}
