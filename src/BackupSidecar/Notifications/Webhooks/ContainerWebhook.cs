namespace BackupSidecar.Notifications.Webhooks;

/// <summary>
/// Tells of the backups of labelled containers as Label Backup does: same payload, same headers, same signature. An address that a
/// label supplied must be public, unless the courier was given leave.
/// </summary>
internal sealed class ContainerWebhook(WebhookCourier courier, TimeProvider time)
{
    private const string LabelBackupAgent = "LabelBackupAgent/1.0";

    /// <param name="runId">The run.</param>
    /// <param name="news">What became of it.</param>
    /// <param name="url">Where to.</param>
    /// <param name="isFromLabel">Whether a label supplied the address, rather than the operator.</param>
    /// <param name="cancellation">Gives up for now; the message is kept.</param>
    /// <exception cref="NotificationException">It did not arrive.</exception>
    public Task TellAsync(Guid runId, ContainerNews news, PingUrl url, bool isFromLabel, CancellationToken cancellation)
    {
        var message = new WebhookMessage
        {
            Id = WebhookMessage.IdOf(runId, url.Setting),
            Target = url.Setting,
            LabelUrl = isFromLabel ? url.Value.Reveal() : null,
            Body = ChatShape.Of(url.With(), news.ToText()) ?? news.ToJson(),
            ContentType = ChatShape.Json,
            UserAgent = LabelBackupAgent,
            CreatedAt = time.GetUtcNow(),
        };
        return courier.SendAsync(message, cancellation);
    }
}
