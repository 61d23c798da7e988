using BackupSidecar.Discovery;
using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Reports;

namespace BackupSidecar.Notifications;

/// <summary>Posts what became of the backup of one labelled database, good or bad, in the words of Label Backup.</summary>
/// <param name="database">The database.</param>
/// <param name="url">Where to: the address of its label, or the operator's.</param>
/// <param name="isFromLabel">Whether a label supplied the address.</param>
/// <param name="webhook">Sends it.</param>
internal sealed class LabelWebhookNotifier(LabelledDatabase database, PingUrl url, bool isFromLabel, ContainerWebhook webhook) : INotifier
{
    public string Name => "webhook";

    public Task StartedAsync(Guid runId, CancellationToken cancellation) => Task.CompletedTask;

    public Task FinishedAsync(RunReport report, CancellationToken cancellation) =>
        webhook.TellAsync(report.RunId, NewsOf(report), url, isFromLabel, cancellation);

    private ContainerNews NewsOf(RunReport report)
    {
        var succeeded = report.Outcome == RunOutcome.Succeeded;
        var stored = report.Stores.FirstOrDefault(store => store.Problem is null);
        return new ContainerNews
        {
            ContainerId = database.ContainerId,
            ContainerName = database.ContainerName,
            DatabaseType = database.Kind,
            DatabaseName = NullIfBlank(database.Database),
            DestinationUrl = succeeded && stored is not null ? $"{stored.Location.TrimEnd('/')}/{report.Archive}" : "",
            Success = succeeded,
            Error = succeeded ? null : ReportText.ErrorMessage(report),
            BackupSizeBytes = report.ArchiveBytes is > 0 and var bytes ? bytes : null,
            DurationSeconds = Math.Round(report.Duration.TotalSeconds, 3),
            TimestampUtc = ContainerNews.Utc(report.StartedAt),
            CronSchedule = NullIfBlank(database.Cron),
            BackupPrefix = NullIfBlank(database.Prefix),
            DestinationType = stored?.Store ?? database.Stores[0],
        };
    }

    private static string? NullIfBlank(string text) => text.Length > 0 ? text : null;
}
