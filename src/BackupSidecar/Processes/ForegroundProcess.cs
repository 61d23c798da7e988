using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BackupSidecar.Processes;

/// <summary>
/// A child that shares our standard streams and our whole environment: this program again, for one run. What happens to it
/// (a crash, too little memory) does not happen to us.
/// </summary>
internal static partial class ForegroundProcess
{
    private const int SignalKill = 9;
    private const int SignalTerminate = 15;

    /// <summary>
    /// Runs the program and returns its exit code. On cancellation it is asked to end (SIGTERM) and waited for: it has its own
    /// work to finish, and whoever asked us to end has set the time limit.
    /// </summary>
    /// <param name="program">Its file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variables">What its environment says in addition to ours.</param>
    /// <param name="cancellation">When it is asked to end.</param>
    /// <param name="force">When it is killed; not at all if it is left out.</param>
    public static async Task<int> RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables, CancellationToken cancellation,
        CancellationToken force = default)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)
            ?? throw new ProcessFailedException($"The program '{program}' could not be started.");
        await using var onCancellation = cancellation.Register(() => Terminate(process.Id));
        await using var onForce = force.Register(() => _ = Kill(process.Id, SignalKill));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    /// <summary>Asks any process to end (SIGTERM). One that is gone already is what was wanted.</summary>
    public static void Terminate(int process) => _ = Kill(process, SignalTerminate);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
