using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSidecar.Archives;

namespace BackupSidecar.Runs.Artefacts;

/// <summary>
/// What stands beside the dump of a labelled database, as Label Backup documents it: the members down to <see cref="Error"/> are its
/// own, the others ours. Ours may all be missing.
/// </summary>
internal sealed record Metadata
{
    /// <summary>When the run began.</summary>
    [JsonConverter(typeof(UtcTime))]
    public required DateTimeOffset Timestamp { get; init; }

    public string ContainerId { get; init; } = "";

    public string ContainerName { get; init; } = "";

    public required string DatabaseType { get; init; }

    public string? DatabaseName { get; init; }

    /// <summary>As stored.</summary>
    public required long BackupSizeBytes { get; init; }

    /// <summary>SHA-256 of the stored bytes, lower-case hexadecimal.</summary>
    public required string Checksum { get; init; }

    public string CompressionType { get; init; } = "gzip";

    public string Version { get; init; } = "1.0";

    public required string Destination { get; init; }

    public double DurationSeconds { get; init; }

    public bool Success { get; init; }

    public string? Error { get; init; }

    /// <summary>The name in the store, prefix included: a document that was signed for one backup vouches for no other.</summary>
    public string? Object { get; init; }

    public string? Identity { get; init; }

    /// <summary>Length of the plain dump.</summary>
    public long? DumpBytes { get; init; }

    /// <summary>SHA-256 of the plain dump.</summary>
    public string? DumpChecksum { get; init; }

    public string? Tool { get; init; }

    public string? Server { get; init; }

    public string? Consistency { get; init; }

    /// <summary>"passphrase", "recipients" or "none".</summary>
    public string? Encryption { get; init; }

    /// <summary>How long backups of this database are to be kept; 0: for ever.</summary>
    public long? RetentionSeconds { get; init; }

    public string? CreatedBy { get; init; }

    public Guid? RunId { get; init; }

    public ManifestKeyName? Key { get; init; }

    public ManifestAuthentication? Authentication { get; init; }
}

/// <summary>RFC 3339 with a Z, as programs in Go write and read it.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var time) ? time : throw new JsonException("'timestamp' is no time.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture));
}

/// <summary>How the document looks as JSON. As strict as for manifests: nothing in it may be read in two ways.</summary>
[JsonSerializable(typeof(Metadata))]
internal sealed partial class MetadataJson : JsonSerializerContext
{
    public static MetadataJson Strict { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    });
}
