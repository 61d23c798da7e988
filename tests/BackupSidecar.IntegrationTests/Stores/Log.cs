using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>Keeps what is logged, as "Level text".</summary>
internal sealed class Log : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {formatter(state, exception)}");
}
