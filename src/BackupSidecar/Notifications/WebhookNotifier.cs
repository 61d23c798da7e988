using System.Text;
using BackupSidecar.Reports;

namespace BackupSidecar.Notifications;

/// <summary>
/// Posts one line of plain text when a run has ended: to one address if a backup succeeded, to the other if anything at all is
/// wrong. The request is the one that <c>curl -d TEXT URL</c> makes.
/// </summary>
internal sealed class WebhookNotifier(PingUrl? success, PingUrl? failure, PingClient client) : INotifier
{
    private const string Form = "application/x-www-form-urlencoded";

    public string Name => "webhook";

    public Task StartedAsync(Guid runId, CancellationToken cancellation) => Task.CompletedTask;

    public async Task FinishedAsync(RunReport report, CancellationToken cancellation)
    {
        var succeeded = report.Outcome == RunOutcome.Succeeded;
        var text = succeeded ? ReportText.Headline(report) : ReportText.ErrorMessage(report);
        // Whoever waits for a backup must not take a verification for one.
        var address = !succeeded ? failure : report.Kind == RunKind.Verify ? null : success;
        if (address is { } url)
            await client.PostAsync(url, url.With(), Encoding.UTF8.GetBytes(text), Form, cancellation);
    }
}
