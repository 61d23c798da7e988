using System.Text.Json;
using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// The program's log: one line for each event on standard error, as <c>[INFO] text</c> or as JSON. Known secrets are masked
/// and control characters escaped, whatever was logged. May write the same lines to a file that is kept small.
/// </summary>
internal sealed class ConsoleLogger(LogSettings settings, Redactor redactor, TimeProvider time, bool terminal, TextWriter? file) : ILogger
{
    private readonly Lock _lock = new();
    private TextWriter _console = Console.Error;
    private TextWriter? _file = file;

    /// <summary>Back to the line's beginning, and away with what stands there: progress, until a line of the log takes its place.</summary>
    public const string ClearLine = "\r\e[K";

    /// <summary>Colours and progress are for terminals.</summary>
    public static bool IsTerminal => !Console.IsErrorRedirected;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= (settings.Debug ? LogLevel.Debug : LogLevel.Information);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var text = formatter(state, exception);
        if (exception is not null)
            text += settings.Debug ? $"\n{exception}" : $": {exception.Message}";
        Write(logLevel, redactor.Redact(text));
    }

    private void Write(LogLevel level, string text)
    {
        lock (_lock)
        {
            WriteToConsole(level, text);
            WriteToFile(settings.Format == LogFormat.Json ? Json(level, text) : $"{time.GetLocalNow():yyyy-MM-dd HH:mm:ss} {Text(level, text, inColour: false)}");
        }
    }

    /// <summary>Whoever closes the terminal of a backup does not end it: services wait for it.</summary>
    private void WriteToConsole(LogLevel level, string text)
    {
        try
        {
            _console.WriteLine($"{(terminal ? ClearLine : "")}{Line(level, text, terminal)}");
        }
        catch (IOException)
        {
            _console = TextWriter.Null;
        }
    }

    /// <summary>A log that cannot be written is no reason to give up a backup.</summary>
    private void WriteToFile(string line)
    {
        try
        {
            _file?.WriteLine(line);
        }
        catch (IOException failure)
        {
            _file = null;
            WriteToConsole(LogLevel.Warning, $"The log file is given up: {failure.Message}");
        }
    }

    private string Line(LogLevel level, string text, bool inColour) =>
        settings.Format == LogFormat.Json ? Json(level, text) : Text(level, text, inColour);

    private string Json(LogLevel level, string text)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("level", Name(level).ToLowerInvariant());
            json.WriteString("message", text);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string Text(LogLevel level, string text, bool inColour)
    {
        var tag = $"[{Name(level)}]";
        return inColour ? $"\e[{Colour(level)}m{tag}\e[0m {Escaped(text)}" : $"{tag} {Escaped(text)}";
    }

    /// <summary>
    /// A file name may hold any byte; on a terminal some of them are commands, and a line of its own could pass for one of ours.
    /// </summary>
    private static string Escaped(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.TrimEnd().Select(Escaped)) : text;

    private static string Escaped(char c) => c switch
    {
        '\n' => "\n    ",
        '\t' => " ",
        _ when char.IsControl(c) => $"\\x{(int)c:x2}",
        _ => c.ToString(),
    };

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARN",
        LogLevel.Error or LogLevel.Critical => "ERROR",
        _ => "DEBUG",
    };

    private static string Colour(LogLevel level) => level switch
    {
        LogLevel.Information => "32",
        LogLevel.Warning => "33",
        LogLevel.Error or LogLevel.Critical => "31",
        _ => "34",
    };
}
