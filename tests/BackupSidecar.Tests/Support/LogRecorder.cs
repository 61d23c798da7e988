using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Support;

/// <summary>Keeps what was logged, as text, for tests to read.</summary>
internal sealed class LogRecorder : ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<string> Lines(LogLevel level)
    {
        lock (_gate)
            return [.. _lines.Where(line => line.Level == level).Select(line => line.Text)];
    }

    public string Everything
    {
        get
        {
            lock (_gate)
                return string.Join('\n', _lines.Select(line => line.Text));
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
            _lines.Add((logLevel, formatter(state, exception) + exception));
    }
}
