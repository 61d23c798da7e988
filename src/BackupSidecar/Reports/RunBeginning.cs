using System.Text.Json;

namespace BackupSidecar.Reports;

/// <summary>
/// What a line of the history says of when its run began. Read without the serializer, which would take several MiB of the daemon's
/// memory for good: it asks its history for nothing else.
/// </summary>
internal readonly record struct RunBeginning(string? Kind, string? Outcome, DateTimeOffset StartedAt)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Null if it is no line of a history.</summary>
    /// <param name="line">UTF-8, without its end.</param>
    public static RunBeginning? TryRead(ReadOnlySpan<byte> line)
    {
        try
        {
            return Read(new Utf8JsonReader(line, Options));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static RunBeginning? Read(Utf8JsonReader json)
    {
        var (kind, outcome, startedAt) = ((string?)null, (string?)null, (DateTimeOffset?)null);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            return null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("kind"u8) && json.Read())
                kind = json.GetString();
            else if (json.ValueTextEquals("outcome"u8) && json.Read())
                outcome = json.GetString();
            else if (json.ValueTextEquals("startedAt"u8) && json.Read())
                startedAt = json.GetDateTimeOffset();
            else
                json.Skip();
        }
        return startedAt is { } started ? new RunBeginning(kind, outcome, started) : null;
    }
}
