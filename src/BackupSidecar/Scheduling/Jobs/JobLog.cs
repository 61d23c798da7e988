using Microsoft.Extensions.Logging;

namespace BackupSidecar.Scheduling.Jobs;

/// <summary>A log that says before everything which job it is about.</summary>
internal sealed class JobLog(ILogger log, string job) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        log.Log(logLevel, eventId, state, exception, (said, error) => $"{job}: {formatter(said, error)}");
}
