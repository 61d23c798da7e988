using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// A log of events for machines, one line each on standard error: time, level, the name of the event and its values, as JSON or as
/// key=value. What has no name of its own is told in words.
/// </summary>
internal sealed class EventLogger(EventLogSettings settings, Redactor redactor, TimeProvider time, TextWriter output) : ILogger
{
    private const string Template = "{OriginalFormat}";

    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= settings.Minimum;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        List<KeyValuePair<string, object?>> line =
        [
            new("time", time.GetUtcNow()),
            new("level", Name(logLevel)),
            new("msg", eventId.Name ?? formatter(state, exception)),
        ];
        if (eventId.Name is not null && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            line.AddRange(values.Where(value => value.Key != Template && value.Value is not null));
        // The sentence, unless one of the values is all of it.
        if (eventId.Name is not null && formatter(state, exception) is var sentence && !line.Exists(value => value.Value is string text && text == sentence))
            line.Add(new("detail", sentence));
        var text = settings.Format == LogFormat.Json ? Json(line) : string.Join(' ', line.Select(value => $"{value.Key}={Plain(value.Value)}"));
        lock (_lock)
            output.WriteLine(redactor.Redact(text));
    }

    private static string Json(List<KeyValuePair<string, object?>> line)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Written))
        {
            json.WriteStartObject();
            foreach (var (name, value) in line)
            {
                json.WritePropertyName(name);
                Write(json, value);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int or long or double:
                json.WriteNumberValue(Convert.ToDecimal(value, CultureInfo.InvariantCulture));
                break;
            case IEnumerable list and not string:
                json.WriteStartArray();
                foreach (var item in list)
                    Write(json, item);
                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(Text(value));
                break;
        }
    }

    private static string Plain(object? value)
    {
        var text = value is IEnumerable list and not string ? $"[{string.Join(' ', list.Cast<object?>().Select(Text))}]" : Text(value);
        return text.Length > 0 && text.All(character => character > ' ' && character is not ('"' or '=' or '\u007f'))
            ? text
            : $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        bool truth => truth ? "true" : "false",
        DateTimeOffset moment => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARN",
        LogLevel.Error or LogLevel.Critical => "ERROR",
        _ => "DEBUG",
    };
}
