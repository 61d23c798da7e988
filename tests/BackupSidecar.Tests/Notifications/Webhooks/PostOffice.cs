using BackupSidecar.Configuration;
using BackupSidecar.Notifications;
using BackupSidecar.Notifications.Webhooks;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Notifications.Webhooks;

/// <summary>All that brings messages to webhooks, on a state directory of its own, with pauses that no test waits for.</summary>
internal sealed class PostOffice : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("backup-sidecar-outbox-");
    private readonly PingClient _client;
    private readonly PingClient _forLabels;

    /// <param name="success">BACKUP_SUCCESS_WEBHOOK.</param>
    /// <param name="log">Where it tells what becomes of messages.</param>
    /// <param name="time">The clock.</param>
    /// <param name="patience">How long it waits for an answer.</param>
    /// <param name="onlyPublic">Whether labels may name public addresses only.</param>
    public PostOffice(string? success, ILogger? log = null, TimeProvider? time = null, TimeSpan? patience = null, bool onlyPublic = true)
    {
        Success = success;
        Log = log ?? new LogRecorder();
        Time = time ?? TimeProvider.System;
        var policy = Policy with { AttemptTimeout = patience ?? Policy.AttemptTimeout };
        _client = new PingClient(policy, new Random(1), TimeProvider.System);
        _forLabels = new PingClient(policy, new Random(1), TimeProvider.System, onlyPublic ? () => PublicAddresses.Default : null);
        Outbox = new Outbox(_state.FullName, Time, Log);
        Breakers = new CircuitBreakers(_state.FullName, Time);
    }

    public static PingPolicy Policy { get; } =
        new() { Tries = 2, AttemptTimeout = TimeSpan.FromSeconds(1), FirstPause = TimeSpan.FromMilliseconds(1) };

    public string? Success { get; set; }

    public string? Failure { get; init; }

    public string? Secret { get; init; }

    public ILogger Log { get; }

    public TimeProvider Time { get; }

    public Outbox Outbox { get; }

    public CircuitBreakers Breakers { get; }

    public string State => _state.FullName;

    public string Folder => Path.Combine(State, "outbox");

    /// <summary>As a process that has just started has it.</summary>
    public WebhookCourier Courier => new(Outbox, Breakers, _client, _forLabels, Url, Secret is null ? null : new Secret(Secret), Time, Log);

    public WebhookNotifier Notifier => new(Url("BACKUP_SUCCESS_WEBHOOK"), Url("BACKUP_FAILURE_WEBHOOK"), Courier, Time);

    public WebhookMessage Message(string body = "message") => new()
    {
        Id = Guid.NewGuid(),
        Target = "BACKUP_SUCCESS_WEBHOOK",
        Body = body,
        ContentType = "text/plain",
        CreatedAt = Time.GetUtcNow(),
    };

    public WebhookMessage LabelMessage(string url) => Message() with { Target = "backup.webhook of db", LabelUrl = url };

    public PingUrl? Url(string setting) =>
        (setting == "BACKUP_SUCCESS_WEBHOOK" ? Success : Failure) is { } url ? PingUrl.Parse(setting, new Secret(url), "") : null;

    public void Dispose()
    {
        _client.Dispose();
        _forLabels.Dispose();
        _state.Delete(recursive: true);
    }
}
