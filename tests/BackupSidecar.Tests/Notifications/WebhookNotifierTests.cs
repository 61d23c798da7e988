using BackupSidecar.Notifications;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Notifications.Webhooks;
using BackupSidecar.Tests.Reports;

namespace BackupSidecar.Tests.Notifications;

public sealed class WebhookNotifierTests : IAsyncLifetime
{
    private readonly FakePingServer _server = new();
    private readonly PostOffice _post;

    public WebhookNotifierTests() => _post = new PostOffice(_server.Url + "/ok?token=abc%20def") { Failure = _server.Url + "/fail" };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _post.Dispose();
        await _server.DisposeAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task Success_is_posted_as_curl_posts_it()
    {
        await Webhook().FinishedAsync(Sample.Succeeded, TestContext.Current.CancellationToken);

        var ping = Assert.Single(_server.Pings);
        Assert.Equal("POST /ok?token=abc%20def HTTP/1.1", ping.RequestLine);
        Assert.Equal("application/x-www-form-urlencoded", ping.Headers["Content-Type"]);
        Assert.Equal("app backup completed: 2026-11-20-030000"u8, ping.Body);
        Assert.Matches(@"^backup-sidecar/\d+\.\d+\.\d+$", ping.Headers["User-Agent"]);
        Assert.False(ping.Headers.ContainsKey("Transfer-Encoding"));
    }

    [Theory(Timeout = 30_000)]
    [InlineData(RunOutcome.Failed)]
    [InlineData(RunOutcome.Partial)]
    [InlineData(RunOutcome.NotStarted)]
    [InlineData(RunOutcome.Locked)]
    [InlineData(RunOutcome.Interrupted)]
    public async Task Everything_else_is_posted_as_the_error_message_to_the_failure_address(object outcome)
    {
        var report = Sample.Succeeded with { Outcome = (RunOutcome)outcome, Problems = ["Grüße: the server did not answer."] };

        await Webhook().FinishedAsync(report, TestContext.Current.CancellationToken);

        var ping = Assert.Single(_server.Pings);
        Assert.Equal("/fail", ping.Target);
        Assert.Equal("Grüße: the server did not answer."u8, ping.Body);
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_an_address_nothing_is_posted()
    {
        using var silent = new PostOffice(success: null);

        await silent.Notifier.FinishedAsync(Sample.Succeeded, TestContext.Current.CancellationToken);
        await silent.Notifier.FinishedAsync(Sample.Full, TestContext.Current.CancellationToken);

        Assert.Empty(_server.Pings);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_verification_is_posted_only_if_it_found_something_wrong()
    {
        var good = Sample.Succeeded with { Kind = RunKind.Verify };
        await Webhook().FinishedAsync(good, TestContext.Current.CancellationToken);
        await Webhook().FinishedAsync(good with { Outcome = RunOutcome.Refused, Problems = ["It is damaged."] }, TestContext.Current.CancellationToken);

        var ping = Assert.Single(_server.Pings);
        Assert.Equal("/fail", ping.Target);
        Assert.Equal("It is damaged."u8, ping.Body);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_start_is_not_posted()
    {
        await Webhook().StartedAsync(Guid.NewGuid(), TestContext.Current.CancellationToken);

        Assert.Empty(_server.Pings);
    }

    [Fact(Timeout = 30_000)]
    public async Task User_and_password_of_the_address_go_into_a_header()
    {
        using var post = new PostOffice(_server.Url.Replace("//", "//me:p%40ss@", StringComparison.Ordinal) + "/ok");

        await post.Notifier.FinishedAsync(Sample.Succeeded, TestContext.Current.CancellationToken);

        Assert.Equal("Basic bWU6cEBzcw==", Assert.Single(_server.Pings).Headers["Authorization"]);
    }

    private WebhookNotifier Webhook() => _post.Notifier;
}
