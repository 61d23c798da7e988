using BackupSidecar.Configuration;
using BackupSidecar.Notifications;

namespace BackupSidecar.Tests.Notifications;

public sealed class PingClientTests
{
    private const int TimeLimit = 30_000;

    private static readonly PingPolicy Quick = new() { FirstPause = TimeSpan.FromMilliseconds(1) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = TimeLimit)]
    [InlineData("500 Internal Server Error")]
    [InlineData("503 Service Unavailable")]
    [InlineData("429 Too Many Requests")]
    [InlineData("408 Request Timeout")]
    [InlineData(FakePingServer.HangUp)]
    public async Task A_trouble_that_may_pass_is_tried_again(string answer)
    {
        await using var server = new FakePingServer(answer, answer, "200 OK");

        await PostAsync(server, Quick, Cancellation);

        Assert.Equal(["message", "message", "message"], server.Pings.Select(ping => ping.Text));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("400 Bad Request")]
    [InlineData("404 Not Found")]
    [InlineData("409 Conflict")]
    [InlineData("401 Unauthorized")]
    public async Task What_the_server_will_never_accept_is_tried_once(string answer)
    {
        await using var server = new FakePingServer(answer);

        var e = await Assert.ThrowsAsync<NotificationException>(() => PostAsync(server, Quick, Cancellation));

        Assert.Single(server.Pings);
        Assert.Equal($"BACKUP_SUCCESS_WEBHOOK (127.0.0.1) answered {answer[..3]}: the address is wrong, or its owner does not accept the message.", e.Message);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task After_five_tries_it_gives_up()
    {
        await using var server = new FakePingServer([.. Enumerable.Repeat("500", 20)]);

        var e = await Assert.ThrowsAsync<NotificationException>(() => PostAsync(server, Quick, Cancellation));

        Assert.Equal(5, server.Pings.Count);
        Assert.Equal("BACKUP_SUCCESS_WEBHOOK (127.0.0.1) answered 500. Tried 5 times.", e.Message);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = new FakePingServer();
        await using var server = new FakePingServer($"307 Temporary Redirect\r\nLocation: {other.Url}/stolen");

        var e = await Assert.ThrowsAsync<NotificationException>(() => PostAsync(server, Quick, Cancellation));

        Assert.Contains("answered 307, a redirect, which is not followed", e.Message, StringComparison.Ordinal);
        Assert.Empty(other.Pings);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_server_that_never_answers_is_left_after_its_time()
    {
        await using var server = new FakePingServer(FakePingServer.Never, FakePingServer.Never);

        var e = await Assert.ThrowsAsync<NotificationException>(
            () => PostAsync(server, Quick with { Tries = 2, AttemptTimeout = TimeSpan.FromMilliseconds(200) }, Cancellation));

        Assert.Equal(2, server.Pings.Count);
        Assert.Equal("BACKUP_SUCCESS_WEBHOOK (127.0.0.1) did not answer within 0.2 seconds. Tried 2 times.", e.Message);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_server_that_is_down_is_named_and_its_address_is_not()
    {
        var server = new FakePingServer();
        await server.DisposeAsync();

        var e = await Assert.ThrowsAsync<NotificationException>(() => PostAsync(server, Quick, Cancellation));

        Assert.StartsWith("BACKUP_SUCCESS_WEBHOOK (127.0.0.1) could not be reached: Connection refused", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", e.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Cancellation_ends_the_tries()
    {
        await using var server = new FakePingServer(FakePingServer.Never);
        using var cancel = new CancellationTokenSource();

        var post = PostAsync(server, Quick, cancel.Token);
        await server.NextAsync();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => post);
    }

    private static async Task PostAsync(FakePingServer server, PingPolicy policy, CancellationToken cancellation)
    {
        using var client = new PingClient(policy, new Random(1), TimeProvider.System);
        var url = PingUrl.Parse("BACKUP_SUCCESS_WEBHOOK", new Secret(server.Url + "/hidden"), "");
        await client.PostAsync(new PingMessage(url, url.With(), "message"u8.ToArray(), "text/plain"), cancellation);
    }
}
