using System.Runtime.InteropServices;

namespace BackupSidecar.Commands;

/// <summary>
/// SIGTERM and SIGINT as a token: they no longer end the process, the work does. Which one came decides the exit code. SIGHUP asks for
/// settings to be read again, where somebody waits for that.
/// </summary>
internal sealed class Signals : IDisposable
{
    /// <summary>SIGXFSZ by its number on Linux; the runtime has no name for it.</summary>
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    private readonly CancellationTokenSource _source = new();
    private readonly SemaphoreSlim _reloads = new(0);
    private readonly PosixSignalRegistration[] _registrations;
    private int _exitCode;

    public Signals() =>
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Fire(context, 128 + 15)),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Fire(context, 128 + 2)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, AskForReload),
            // A file that may not grow further is an error of the write then, and not the end of us.
            PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true),
        ];

    public CancellationToken Token => _source.Token;

    /// <summary>130 or 143 after a signal, otherwise 0.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    /// <summary>Waits for SIGHUP; false if it has not come in that time.</summary>
    public Task<bool> WaitForReloadAsync(TimeSpan time) => _reloads.WaitAsync(time, Token);

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
        _reloads.Dispose();
    }

    private void AskForReload(PosixSignalContext context)
    {
        context.Cancel = true;
        _reloads.Release();
    }

    private void Fire(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true;
        Interlocked.CompareExchange(ref _exitCode, exitCode, 0);
        _source.Cancel();
    }
}
