using BackupSidecar.Reports;

namespace BackupSidecar.Notifications;

/// <summary>Someone who is told about backups and scheduled verifications. Each run that is announced is finished once, whatever became of it.</summary>
internal interface INotifier
{
    /// <summary>Who it is, for logs. No secret in it.</summary>
    string Name { get; }

    /// <exception cref="NotificationException">It could not be told, after all tries.</exception>
    Task StartedAsync(Guid runId, CancellationToken cancellation);

    /// <exception cref="NotificationException">It could not be told, after all tries.</exception>
    Task FinishedAsync(RunReport report, CancellationToken cancellation);
}

/// <summary>A message did not arrive. The text names the setting and the host, never the address.</summary>
internal sealed class NotificationException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>No later try can help either.</summary>
    public bool IsFinal { get; init; }
}
