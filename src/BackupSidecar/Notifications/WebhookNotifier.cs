using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Reports;

namespace BackupSidecar.Notifications;

/// <summary>
/// Posts one line of plain text when a run has ended: to one address if a backup succeeded, to the other if anything at all is
/// wrong. The request is the one that <c>curl -d TEXT URL</c> makes, with an id, and a signature if there is a secret; chats get the JSON
/// that they take.
/// </summary>
internal sealed class WebhookNotifier(PingUrl? success, PingUrl? failure, WebhookCourier courier, TimeProvider time) : INotifier
{
    private const string Form = "application/x-www-form-urlencoded";

    public string Name => "webhook";

    public Task StartedAsync(Guid runId, CancellationToken cancellation) => Task.CompletedTask;

    public async Task FinishedAsync(RunReport report, CancellationToken cancellation)
    {
        var succeeded = report.Outcome == RunOutcome.Succeeded;
        // Whoever waits for a backup must not take a verification for one.
        var address = !succeeded ? failure : report.Kind == RunKind.Verify ? null : success;
        if (address is not { } url)
            return;
        await courier.SendAsync(Message(report, succeeded, url), cancellation);
        await courier.DeliverOwnAsync(cancellation);
    }

    private WebhookMessage Message(RunReport report, bool succeeded, PingUrl url)
    {
        var text = succeeded ? ReportText.Headline(report) : ReportText.ErrorMessage(report);
        var chat = ChatShape.Of(url.With(), succeeded ? text : $"{ReportText.Headline(report)}\n{text}");
        return new WebhookMessage
        {
            Id = WebhookMessage.IdOf(report.RunId, url.Setting),
            Target = url.Setting,
            Body = chat ?? text,
            ContentType = chat is null ? Form : ChatShape.Json,
            CreatedAt = time.GetUtcNow(),
        };
    }
}
