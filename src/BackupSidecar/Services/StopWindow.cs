using BackupSidecar.Configuration;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Services;

/// <summary>Services could not be found, stopped or started. The message names each of them and what the engine said.</summary>
internal sealed class ServiceException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// The time in which services stand still: opened by stopping them, closed by starting again what was stopped here and
/// nothing else, in reverse order. Closing happens once, whatever else failed; disposing closes. What is about to be stopped
/// is journalled on disk first, so that a killed program starts it again when it comes back.
/// </summary>
internal sealed class StopWindow : IAsyncDisposable
{
    /// <summary>Finds the services of the settings. Nothing is stopped. Without services it does nothing and needs no engine.</summary>
    /// <exception cref="ServiceException">The engine cannot be reached, a service is not there, is ourselves, or the journal cannot be written.</exception>
    public static Task<StopWindow> PrepareAsync(
        ServiceSettings settings, string stateDirectory, TimeProvider time, ILogger log, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>
    /// Starts what an earlier run that was killed had stopped (its journal says so) and returns the names. Called at every
    /// start of the program and before every run.
    /// </summary>
    public static Task<IReadOnlyList<string>> ReconcileAsync(
        ServiceSettings settings, string stateDirectory, TimeProvider time, ILogger log, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Names, as configured, of what was running and is stopped by this window.</summary>
    public IReadOnlyList<string> Stopped => throw new NotImplementedException();

    /// <summary>From the first stop to the last start; null if nothing was stopped.</summary>
    public TimeSpan? Duration => throw new NotImplementedException();

    /// <summary>Stops the running ones in order, and waits. If one cannot be stopped, those already stopped are started again.</summary>
    /// <exception cref="ServiceException">A service could not be stopped.</exception>
    public Task OpenAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>
    /// Starts again what this window stopped, with retries, and waits; cannot be cancelled. Returns a sentence for each service
    /// that could not be started. The second call does nothing.
    /// </summary>
    public Task<IReadOnlyList<string>> CloseAsync() => throw new NotImplementedException();

    public async ValueTask DisposeAsync() => await CloseAsync();
}
