using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>What became of the backup of one labelled container, in the words of Label Backup's webhooks. What is null is left out.</summary>
internal sealed record ContainerNews
{
    public required string ContainerId { get; init; }

    public required string ContainerName { get; init; }

    public required string DatabaseType { get; init; }

    public string? DatabaseName { get; init; }

    /// <summary>Where the backup lies; blank after a failure.</summary>
    public string DestinationUrl { get; init; } = "";

    public required bool Success { get; init; }

    public string? Error { get; init; }

    public long? BackupSizeBytes { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>When the run began; see <see cref="Utc"/>.</summary>
    public required string TimestampUtc { get; init; }

    /// <summary>As the label has it.</summary>
    public string? CronSchedule { get; init; }

    public string? BackupPrefix { get; init; }

    /// <summary>"local" or "s3".</summary>
    public string? DestinationType { get; init; }

    /// <summary>A time as the payload has it: UTC, to the microsecond.</summary>
    public static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public string ToJson() => JsonSerializer.Serialize(this, ContainerNewsJson.Default.ContainerNews);

    /// <summary>For chats.</summary>
    public string ToText() =>
        Success ? $"{ContainerName}: {DatabaseType} backup completed: {DestinationUrl}" : $"{ContainerName}: {DatabaseType} backup failed\n{Error}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContainerNews))]
internal sealed partial class ContainerNewsJson : JsonSerializerContext;
