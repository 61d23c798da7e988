using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace BackupSidecar.Docker;

/// <summary>
/// A connection that the engine has turned from HTTP into the raw standard streams of a program: what is written goes to its
/// standard input, what is read are frames of its output and errors.
/// </summary>
internal sealed class HijackedConnection : IDisposable
{
    private readonly HttpClient _client;
    private readonly HttpResponseMessage _response;
    private readonly Socket _socket;

    private HijackedConnection(HttpClient client, HttpResponseMessage response, Socket socket, Stream stream) =>
        (_client, _response, _socket, Stream) = (client, response, socket, stream);

    /// <summary>The status if the engine did not do it, else null.</summary>
    public HttpStatusCode? Refusal => _response.StatusCode is HttpStatusCode.SwitchingProtocols ? null : _response.StatusCode;

    public Stream Stream { get; }

    /// <summary>Connects anew, for a connection that is hijacked cannot be given back.</summary>
    public static async Task<HijackedConnection> OpenAsync(DockerEndpoint endpoint, string path, CancellationToken cancellation)
    {
        Socket? socket = null;
        var client = new HttpClient(endpoint.CreateHandler(made => socket = made))
        {
            BaseAddress = endpoint.BaseAddress,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new ExecStart(), DockerJson.Default.ExecStart))
                {
                    Headers = { ContentType = new("application/json") },
                },
            };
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.Add(new("tcp"));
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return new HijackedConnection(client, response, socket!, await response.Content.ReadAsStreamAsync(cancellation));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Tells the program that its input has ended; its output can still be read.</summary>
    public void EndInput()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other side has gone, so that it needs no telling; how the program ended is asked for anyway.
        }
    }

    /// <summary>Nothing more comes, and whoever still writes is told so.</summary>
    public void EndBoth()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other side has gone: whoever writes is told so anyway.
        }
    }

    public void Dispose()
    {
        _response.Dispose();
        _client.Dispose();
        _socket.Dispose();
    }
}
