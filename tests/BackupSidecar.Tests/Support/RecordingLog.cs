using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Support;

/// <summary>A log whose lines a test can read: "Information: Stopping services: app".</summary>
internal sealed class RecordingLog : ILogger
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    public void Clear()
    {
        lock (_gate)
            _lines.Clear();
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
