using System.Net;
using System.Net.Sockets;
using System.Text;
using BackupSidecar.Configuration;
using BackupSidecar.Http;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Http;

/// <summary>The server answers what is asked properly, and nobody can hold it up.</summary>
public sealed class HttpServerTests : IAsyncLifetime
{
    private const int TimeLimit = 30_000;

    private readonly LogRecorder _log = new();
    private readonly CancellationTokenSource _end = new();
    private readonly HttpServer _server;
    private Task _running = Task.CompletedTask;

    public HttpServerTests() => _server = HttpServer.Listen(
        new HttpSettings(0, IPAddress.Loopback),
        (question, _) => Task.FromResult(new HttpAnswer(HttpStatusCode.OK, $"{question.Path} {question.Query.GetValueOrDefault("object")}")),
        _log);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _running = _server.RunAsync(_end.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _server.Dispose();
        _end.Dispose();
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("GET /metadata?object=a%2Fb+c HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", "/metadata a/b c")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "/ ")]
    [InlineData("HEAD /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK", "")]
    [InlineData("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 405 MethodNotAllowed", "Nothing can be changed here; only GET and HEAD are answered.\n")]
    [InlineData("GET http://elsewhere/ HTTP/1.1\r\n\r\n", "HTTP/1.1 400 BadRequest", "This is not a request of HTTP/1.1.\n")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400 BadRequest", "This is not a request of HTTP/1.1.\n")]
    [InlineData("\0\u0016\u0003\u0001\r\n\r\n", "HTTP/1.1 400 BadRequest", "This is not a request of HTTP/1.1.\n")]
    public async Task Each_request_gets_its_answer(string request, string status, string body)
    {
        var (head, answered) = Split(await AskAsync(request));

        Assert.StartsWith(status + "\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close", head, StringComparison.Ordinal);
        Assert.Equal(body, answered);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_request_without_end_is_cut_off()
    {
        var answer = await AskAsync("GET / HTTP/1.1\r\nX: " + new string('x', 8192));

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Those_who_only_connect_keep_nobody_waiting_for_long_and_use_up_a_bounded_number_of_places()
    {
        var idle = new List<TcpClient>();
        for (var i = 0; i < 40; i++)
            idle.Add(await ConnectAsync());

        // The last ones found no place, and were hung up on.
        Assert.Equal(0, await idle[^1].GetStream().ReadAsync(new byte[1], Cancellation));
        idle.ForEach(client => client.Dispose());
        while (!(await AskAsync("GET / HTTP/1.1\r\n\r\n")).Contains("200", StringComparison.Ordinal))
            await Task.Delay(20, Cancellation);
    }

    [Fact]
    public void A_port_that_is_taken_is_told_with_the_name_of_its_setting()
    {
        var failure = Assert.Throws<ConfigurationException>(
            () => HttpServer.Listen(new HttpSettings(_server.Port, IPAddress.Loopback), (_, _) => throw new NotSupportedException(), _log));

        Assert.Equal("BACKUP_HTTP_PORT", Assert.Single(failure.Faults).Setting);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Every_address_means_both_versions()
    {
        using var everywhere = HttpServer.Listen(
            new HttpSettings(0, IPAddress.IPv6Any), (_, _) => Task.FromResult(new HttpAnswer(HttpStatusCode.OK, "ok")), _log);
        var running = everywhere.RunAsync(_end.Token);
        using var client = new HttpClient();

        Assert.Equal("ok", await client.GetStringAsync($"http://127.0.0.1:{everywhere.Port}/", Cancellation));

        await _end.CancelAsync();
        await running;
    }

    private static (string Head, string Body) Split(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (answer[..end], answer[(end + 4)..]);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Port, Cancellation);
        return client;
    }

    private async Task<string> AskAsync(string request)
    {
        using var client = await ConnectAsync();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
