using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Notifications;
using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Reports;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Notifications.Webhooks;

/// <summary>A message reaches its receiver, sooner or later, or somebody is told that it does not.</summary>
public sealed class WebhookCourierTests
{
    private const int TimeLimit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = TimeLimit)]
    public async Task What_has_arrived_waits_no_more()
    {
        await using var server = new FakePingServer();
        using var post = new PostOffice(server.Url);

        await post.Courier.SendAsync(post.Message(), Cancellation);

        Assert.Equal("message", Assert.Single(server.Pings).Text);
        Assert.Equal(0, post.Outbox.Count);
        Assert.Empty(post.Breakers.All());
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("500 Internal Server Error")]
    [InlineData("404 Not Found")]
    [InlineData("302 Found\r\nLocation: http://127.0.0.1:1/stolen")]
    [InlineData(FakePingServer.HangUp)]
    [InlineData(FakePingServer.Never)]
    public async Task What_did_not_arrive_is_kept_and_sent_later_with_the_same_id(string answer)
    {
        await using var server = new FakePingServer(answer, answer);
        using var post = new PostOffice(server.Url);
        var message = post.Message();

        var failure = await Assert.ThrowsAsync<NotificationException>(() => post.Courier.SendAsync(message, Cancellation));
        Assert.Contains("kept and sent later", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, post.Outbox.Count);
        var tried = server.Pings.Count;
        await post.Courier.DeliverWaitingAsync(Cancellation);
        if (tried == 1)
            await post.Courier.DeliverWaitingAsync(Cancellation);

        Assert.Equal(message.Id.ToString(), server.Pings[^1].Headers["Webhook-Id"]);
        Assert.Equal(0, post.Outbox.Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_message_that_was_given_up_is_kept()
    {
        await using var server = new FakePingServer(FakePingServer.Never);
        using var post = new PostOffice(server.Url);
        using var giveUp = new CancellationTokenSource();

        var sending = post.Courier.SendAsync(post.Message(), giveUp.Token);
        await server.NextAsync();
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(1, post.Outbox.Count);
    }

    [Fact]
    public void What_waits_holds_no_address_and_is_for_its_owner_only()
    {
        using var post = new PostOffice("https://example.com/secret-hook") { Secret = "secret-key" };

        post.Outbox.Put(post.Message());

        var file = Assert.Single(Directory.GetFiles(post.Folder));
        Assert.DoesNotContain("secret", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(post.Folder));
    }

    [Fact]
    public void A_message_is_in_one_pair_of_hands()
    {
        using var post = new PostOffice("http://127.0.0.1:1/");
        var message = post.Message();
        post.Outbox.Put(message);

        using (var first = post.Outbox.TryTake(message.Id))
        {
            Assert.Equal(message, first?.Message);
            Assert.Null(post.Outbox.TryTake(message.Id));
        }

        using var second = post.Outbox.TryTake(message.Id);
        Assert.NotNull(second);
    }

    [Fact]
    public void The_oldest_messages_make_room_and_damaged_and_outdated_ones_are_dropped_with_a_warning()
    {
        var log = new LogRecorder();
        using var post = new PostOffice("http://127.0.0.1:1/", log);
        var old = post.Message() with { CreatedAt = post.Time.GetUtcNow().AddDays(-4) };
        var damaged = post.Message();
        post.Outbox.Put(old);
        post.Outbox.Put(damaged);
        File.WriteAllText(Path.Combine(post.Folder, $"{damaged.Id}.json"), "{");

        Assert.Null(post.Outbox.TryTake(old.Id));
        Assert.Null(post.Outbox.TryTake(damaged.Id));
        for (var i = 0; i < Outbox.Most + 2; i++)
            post.Outbox.Put(post.Message());

        Assert.Equal(Outbox.Most, post.Outbox.Count);
        Assert.Equal(4, log.Lines(LogLevel.Warning).Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Who_does_not_answer_keeps_nobody_else_waiting()
    {
        await using var silent = new FakePingServer(FakePingServer.Never, FakePingServer.Never);
        await using var server = new FakePingServer();
        using var post = new PostOffice(silent.Url, patience: TimeSpan.FromMinutes(5)) { Failure = server.Url };
        post.Outbox.Put(post.Message());
        post.Outbox.Put(post.Message("for the other") with { Target = "BACKUP_FAILURE_WEBHOOK" });
        using var giveUp = new CancellationTokenSource();
        var courier = post.Courier;

        var delivering = courier.DeliverWaitingAsync(giveUp.Token);
        await silent.NextAsync();

        Assert.Equal("for the other", (await server.NextAsync()).Text);
        // What comes later is on its way at once, and who is being waited for is not asked again meanwhile.
        post.Outbox.Put(post.Message("too") with { Target = "BACKUP_FAILURE_WEBHOOK" });
        post.Outbox.Put(post.Message());
        // The one before may have arrived and its delivery not be over yet.
        var next = server.NextAsync();
        while (!next.IsCompleted)
        {
            await courier.DeliverWaitingAsync(giveUp.Token);
            await Task.Delay(10, Cancellation);
        }
        Assert.Equal("too", (await next).Text);
        Assert.Empty(silent.Pings);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivering);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_does_not_wait_for_addresses_of_labels()
    {
        await using var silent = new FakePingServer(FakePingServer.Never, FakePingServer.Never);
        await using var server = new FakePingServer();
        using var post = new PostOffice(server.Url, patience: TimeSpan.FromMinutes(5), onlyPublic: false);
        post.Outbox.Put(post.LabelMessage(silent.Url));

        await post.Notifier.FinishedAsync(Sample.Succeeded, Cancellation);

        Assert.Single(server.Pings);
        Assert.Empty(silent.Pings);
        Assert.Equal(1, post.Outbox.Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task An_address_that_failed_five_times_is_left_alone_for_half_a_minute_and_then_tried_once()
    {
        await using var server = new FakePingServer([.. Enumerable.Repeat("500", 12)]);
        var clock = new FakeClock(Sample.Start);
        using var post = new PostOffice(server.Url, time: clock);
        for (var i = 0; i < CircuitBreakers.Failures; i++)
            await Assert.ThrowsAsync<NotificationException>(() => post.Courier.SendAsync(post.Message(), Cancellation));

        Assert.Equal(10, server.Pings.Count);
        Assert.True(post.Breakers.IsOpen(Assert.Single(post.Breakers.All())));
        await Assert.ThrowsAsync<NotificationException>(() => post.Courier.SendAsync(post.Message(), Cancellation));
        Assert.Empty(server.Pings);

        clock.Advance(CircuitBreakers.Pause);
        await post.Courier.DeliverWaitingAsync(Cancellation);
        Assert.Equal(2, server.Pings.Count);

        clock.Advance(CircuitBreakers.Pause);
        await post.Courier.DeliverWaitingAsync(Cancellation);
        Assert.Equal(6, server.Pings.Count);
        Assert.Equal(0, post.Outbox.Count);
        Assert.Empty(post.Breakers.All());
    }

    [Fact]
    public void Each_address_has_its_own_breaker_and_no_address_is_written_down()
    {
        using var post = new PostOffice("https://example.com/secret-hook") { Failure = "https://example.com/secret-other" };
        var (one, other) = (post.Url("BACKUP_SUCCESS_WEBHOOK")!, post.Url("BACKUP_FAILURE_WEBHOOK")!); // Both are set.

        for (var i = 0; i < CircuitBreakers.Failures; i++)
            post.Breakers.Failed(one);
        post.Breakers.Failed(other);

        Assert.False(post.Breakers.MayTry(one));
        Assert.True(post.Breakers.MayTry(other));
        Assert.DoesNotContain("secret", File.ReadAllText(Path.Combine(post.State, "webhook-breakers.json")), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_message_to_a_setting_that_is_gone_is_dropped()
    {
        using var post = new PostOffice("http://127.0.0.1:1/");
        post.Outbox.Put(post.Message());
        post.Success = null;

        await post.Courier.DeliverWaitingAsync(Cancellation);

        Assert.Equal(0, post.Outbox.Count);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("https")]
    [InlineData("http")]
    public async Task An_address_from_a_label_that_leads_into_this_network_is_refused_for_good(string scheme)
    {
        await using var server = new FakePingServer();
        using var post = new PostOffice(success: null);
        var url = PingUrl.Parse("backup.webhook of shop-db-1", new Secret(server.Url.Replace("http", scheme, StringComparison.Ordinal)), "");

        var failure = await Assert.ThrowsAsync<NotificationException>(
            () => new ContainerWebhook(post.Courier, post.Time).TellAsync(Guid.NewGuid(), News, url, isFromLabel: true, Cancellation));

        Assert.True(failure.IsFinal);
        Assert.Empty(server.Pings);
        Assert.Equal(0, post.Outbox.Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_labelled_container_is_told_of_as_Label_Backup_documents_it()
    {
        await using var server = new FakePingServer();
        using var post = new PostOffice(server.Url + "/hook") { Secret = "correct horse battery staple" };
        var url = post.Url("BACKUP_SUCCESS_WEBHOOK")!; // It is set.
        var report = Sample.Succeeded with
        {
            Archive = "shop/postgres-shop-20261120020000.dump.gz",
            ArchiveBytes = 2048,
            Stores = [new StoreReport("s3", "s3://bucket", Problem: null)],
        };

        await new LabelWebhookNotifier(Database, url, isFromLabel: false, new ContainerWebhook(post.Courier, post.Time)).FinishedAsync(report, Cancellation);

        var ping = Assert.Single(server.Pings);
        Assert.Equal(
            """
            {"container_id":"4f66ad9a0b2e","container_name":"shop-db-1","database_type":"postgres","database_name":"shop","destination_url":"s3://bucket/shop/postgres-shop-20261120020000.dump.gz","success":true,"backup_size_bytes":2048,"duration_seconds":12.5,"timestamp_utc":"2026-11-20T02:00:00.000000Z","cron_schedule":"0 3 * * *","backup_prefix":"shop","destination_type":"s3"}
            """,
            ping.Text);
        Assert.Equal("application/json", ping.Headers["Content-Type"]);
        Assert.Equal("LabelBackupAgent/1.0", ping.Headers["User-Agent"]);
        Assert.Equal(WebhookSignature.OfBody(new Secret("correct horse battery staple"), ping.Body), ping.Headers["X-LabelBackup-Signature-SHA256"]);
    }

    [Fact]
    public void A_failure_leaves_out_what_there_is_not()
    {
        var failed = new ContainerNews
        {
            ContainerId = "4f66ad9a0b2e",
            ContainerName = "cache",
            DatabaseType = "redis",
            Success = false,
            Error = "no answer",
            DurationSeconds = 1,
            TimestampUtc = ContainerNews.Utc(Sample.Start),
        };

        Assert.Equal(
            """{"container_id":"4f66ad9a0b2e","container_name":"cache","database_type":"redis","destination_url":"","success":false,"error":"no answer","duration_seconds":1,"timestamp_utc":"2026-11-20T02:00:00.000000Z"}""",
            failed.ToJson());
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_plain_message_is_signed_too_where_there_is_a_secret()
    {
        await using var server = new FakePingServer();
        using var post = new PostOffice(server.Url) { Secret = "correct horse battery staple" };

        await post.Notifier.FinishedAsync(Sample.Succeeded, Cancellation);

        var ping = Assert.Single(server.Pings);
        Assert.Equal(WebhookMessage.IdOf(Sample.Succeeded.RunId, "BACKUP_SUCCESS_WEBHOOK").ToString(), ping.Headers["Webhook-Id"]);
        Assert.Equal("97d58342c5e7ba70fc4528064fd06f0fa170aaa0bfcc635a6d54095d3afc317b", ping.Headers["X-LabelBackup-Signature-SHA256"]);
        var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(ping.Headers["Webhook-Timestamp"]));
        Assert.InRange(sent, post.Time.GetUtcNow().AddMinutes(-1), post.Time.GetUtcNow());
        Assert.Equal(
            WebhookSignature.Standard(new Secret("correct horse battery staple"), ping.Headers["Webhook-Id"], sent, ping.Body),
            ping.Headers["Webhook-Signature"]);
    }

    [Theory]
    [InlineData("https://hooks.slack.com/services/T0/B0/x", """{"text":"a \u0026lt;b\u0026gt; \u0026amp; c"}""")]
    [InlineData("https://discord.com/api/webhooks/1/x", """{"content":"a \u003Cb\u003E \u0026 c","allowed_mentions":{"parse":[]}}""")]
    [InlineData("https://discord.com/api/webhooks/1/x/slack", """{"text":"a \u0026lt;b\u0026gt; \u0026amp; c"}""")]
    [InlineData("https://example.com/hooks.slack.com", null)]
    [InlineData("https://evildiscord.com/api/webhooks/1/x", null)]
    public void Chats_get_what_they_take(string url, string? body) => Assert.Equal(body, ChatShape.Of(new Uri(url), "a <b> & c"));

    private static LabelledDatabase Database => new()
    {
        ContainerId = "4f66ad9a0b2e",
        ContainerName = "shop-db-1",
        Identity = "shop/db/1",
        Kind = "postgres",
        Uri = null!, // Nobody is told where it is.
        Database = "shop",
        Cron = "0 3 * * *",
        Stores = ["s3"],
        Prefix = "shop",
    };

    private static ContainerNews News => new()
    {
        ContainerId = "4f66ad9a0b2e",
        ContainerName = "shop-db-1",
        DatabaseType = "postgres",
        Success = true,
        DurationSeconds = 1,
        TimestampUtc = ContainerNews.Utc(Sample.Start),
    };
}
