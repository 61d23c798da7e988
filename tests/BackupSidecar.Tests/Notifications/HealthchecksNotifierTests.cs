using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Reports;

namespace BackupSidecar.Tests.Notifications;

public sealed class HealthchecksNotifierTests
{
    private const int TimeLimit = 30_000;
    private const string Check = "/ping/0b8b2a3c-6a0e-4e0f-9d8e-000000000001";

    private static readonly string Rid = $"rid={Sample.Succeeded.RunId:D}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = TimeLimit)]
    public async Task Start_and_success_carry_the_same_run_id()
    {
        await using var server = new FakePingServer();
        using var client = Client();
        var notifier = Notifier(server, Check, client);

        await notifier.StartedAsync(Sample.Succeeded.RunId, Cancellation);
        await notifier.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Equal([$"POST {Check}/start?{Rid} HTTP/1.1", $"POST {Check}?{Rid} HTTP/1.1"], server.Pings.Select(ping => ping.RequestLine));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(RunOutcome.Failed)]
    [InlineData(RunOutcome.Partial)]
    [InlineData(RunOutcome.NotStarted)]
    [InlineData(RunOutcome.Locked)]
    [InlineData(RunOutcome.Refused)]
    [InlineData(RunOutcome.Interrupted)]
    public async Task Everything_but_full_success_is_a_failure_there(object outcome)
    {
        await using var server = new FakePingServer();
        using var client = Client();

        await Notifier(server, Check, client).FinishedAsync(Sample.Succeeded with { Outcome = (RunOutcome)outcome }, Cancellation);

        Assert.Equal($"{Check}/fail?{Rid}", Assert.Single(server.Pings).Target);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(RunOutcome.Succeeded, "log")]
    [InlineData(RunOutcome.Refused, "fail")]
    [InlineData(RunOutcome.Failed, "fail")]
    public async Task A_verification_that_went_well_is_noted_and_does_not_stand_in_for_a_backup(object outcome, string signal)
    {
        await using var server = new FakePingServer();
        using var client = Client();

        await Notifier(server, Check, client).FinishedAsync(Sample.Succeeded with { Kind = RunKind.Verify, Outcome = (RunOutcome)outcome }, Cancellation);

        Assert.Equal($"{Check}/{signal}?{Rid}", Assert.Single(server.Pings).Target);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_body_of_a_partial_run_names_what_failed()
    {
        await using var server = new FakePingServer();
        using var client = Client();

        await Notifier(server, Check, client).FinishedAsync(Sample.Full, Cancellation);

        var ping = Assert.Single(server.Pings);
        Assert.Equal(ReportText.Summary(Sample.Full), ping.Text);
        Assert.Contains("Store s3: The server did not answer.", ping.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("bucket", ping.Text, StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("/ping/key/slug?create=1", "/ping/key/slug/fail?create=1&")]
    [InlineData("/ping/key/slug/", "/ping/key/slug/fail?")]
    [InlineData("/ping/key/slug?", "/ping/key/slug/fail?")]
    [InlineData("/ping/key/slug#part", "/ping/key/slug/fail?")]
    [InlineData("/a%2Fb/%C3%A9?x=%20y", "/a%2Fb/%C3%A9/fail?x=%20y&")]
    public async Task The_signal_goes_to_the_path_and_the_query_stays(string path, string expected)
    {
        await using var server = new FakePingServer();
        using var client = Client();

        await Notifier(server, path, client).FinishedAsync(Sample.Full with { RunId = Sample.Succeeded.RunId }, Cancellation);

        Assert.Equal(expected + Rid, Assert.Single(server.Pings).Target);
    }

    [Fact]
    public void A_bare_uuid_is_a_check_of_the_public_server() =>
        Assert.Equal(
            "https://hc-ping.com/0b8b2a3c-6a0e-4e0f-9d8e-000000000001/start?rid=1",
            HealthchecksNotifier.ParseUrl(new Secret(" 0b8b2a3c-6a0e-4e0f-9d8e-000000000001 ")).With("/start", "rid=1").AbsoluteUri);

    [Theory]
    [InlineData("")]
    [InlineData("hc-ping.com/secret-key")]
    [InlineData("ftp://hc-ping.com/secret-key")]
    [InlineData("/secret-key")]
    [InlineData("https://")]
    [InlineData("0b8b2a3c-secret-key")]
    public void Anything_else_is_refused_without_repeating_it(string value)
    {
        var e = Assert.Throws<ConfigurationException>(() => HealthchecksNotifier.ParseUrl(new Secret(value)));

        Assert.StartsWith("BACKUP_HEALTHCHECKS_URL: is not an http or https address.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("200 OK\r\nPing-Body-Limit: 500", 500)]
    [InlineData("200 OK\r\nPing-Body-Limit: 20", 20)]
    [InlineData("200 OK\r\nPing-Body-Limit: 0", 0)]
    [InlineData("200 OK\r\nPing-Body-Limit: many", 10_000)]
    [InlineData("200 OK", 100_000)]
    [InlineData("404 Not Found", 10_000)]
    public async Task The_body_is_as_long_as_the_start_reply_allows(string startReply, int limit)
    {
        await using var server = new FakePingServer(startReply);
        using var client = Client();
        var notifier = Notifier(server, Check, client);
        await Record.ExceptionAsync(() => notifier.StartedAsync(Sample.Full.RunId, Cancellation));

        await notifier.FinishedAsync(Sample.Full with { Warnings = [new string('ä', 200_000)] }, Cancellation);

        var ping = server.Pings[1];
        Assert.InRange(ping.Body.Length, Math.Max(0, limit - 1), limit);
        if (limit >= 500)
            Assert.EndsWith("ä\n… truncated …", ping.Text, StringComparison.Ordinal);
    }

    private static PingClient Client() => new(new PingPolicy { FirstPause = TimeSpan.FromMilliseconds(1) }, new Random(1), TimeProvider.System);

    private static HealthchecksNotifier Notifier(FakePingServer server, string path, PingClient client) =>
        new(HealthchecksNotifier.ParseUrl(new Secret(server.Url + path)), client);
}
