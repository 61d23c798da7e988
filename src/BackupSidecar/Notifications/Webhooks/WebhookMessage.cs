using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace BackupSidecar.Notifications.Webhooks;

/// <summary>
/// A message on its way, as it waits on the disk. Where it goes is told by the name of a setting, whose value stays where the operator
/// keeps it; only an address that a label supplied is written down. The signature is made when it is sent.
/// </summary>
internal sealed record WebhookMessage
{
    /// <summary>The same however often it is sent, so that a receiver can tell that it has it already.</summary>
    public required Guid Id { get; init; }

    /// <summary>The setting whose address it goes to, or whose label supplied one.</summary>
    public required string Target { get; init; }

    /// <summary>The address that a label supplied, a secret; null: that of the setting.</summary>
    public string? LabelUrl { get; init; }

    /// <summary>Whose messages wait for one another: an address of a label, or what a setting names.</summary>
    [JsonIgnore]
    public string Destination => LabelUrl ?? Target;

    public required string Body { get; init; }

    public required string ContentType { get; init; }

    public string? UserAgent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The id of the one message that tells this target of this run, whoever comes to tell it.</summary>
    public static Guid IdOf(Guid runId, string target) => new(SHA256.HashData(Encoding.UTF8.GetBytes($"{runId:D} {target}")).AsSpan(0, 16));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookMessage))]
internal sealed partial class WebhookMessageJson : JsonSerializerContext;
