using System.CommandLine;
using BackupSidecar.Archives;
using BackupSidecar.Commands;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Docker;
using BackupSidecar.Failpoints;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Services;
using BackupSidecar.Stores;

namespace BackupSidecar;

/// <summary>Verb in, exit code out: the one place where failures become exit codes.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        CoreDumps.Forbid();
        if (CalledAs.Name() == BackrestCommandLine.LinkName)
            arguments = [BackrestCommandLine.Name, .. arguments];
        // What runs for months does without the parser, which would keep half a MiB of its memory.
        return arguments is [] or ["run"] ? await ExecuteAsync(RunCommand.ExecuteAsync) : await ParseAndExecuteAsync(arguments);
    }

    private static async Task<int> ParseAndExecuteAsync(string[] arguments)
    {
        if (arguments is [BackrestCommandLine.Name, ..])
            arguments = BackrestCommandLine.Spelled(arguments);
        var given = CommandLine.Create().Parse(arguments, CommandLine.Taken);
        if (given.Errors.Count > 0)
        {
            foreach (var error in given.Errors)
                await Console.Error.WriteLineAsync($"backup-sidecar: {error.Message}");
            await Console.Error.WriteLineAsync("Try: backup-sidecar --help");
            return arguments is [BackrestCommandLine.Name, ..] ? BackrestCommand.BadFlags : (int)RunOutcome.NotStarted;
        }
        return await given.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>Runs a command under our handling of signals and failures.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="failed">The exit code of any failure, where the usual ones mean something else.</param>
    public static async Task<int> ExecuteAsync(Func<Signals, Task<int>> command, int? failed = null)
    {
        using var signals = new Signals();
        try
        {
            await FollowFailpointsAsync();
            return await command(signals);
        }
        catch (OperationCanceledException) when (signals.ExitCode != 0)
        {
            return signals.ExitCode;
        }
        catch (Exception failure)
        {
            await Console.Error.WriteLineAsync(Composition.Mask(Describe(failure)));
            return failed ?? (int)OutcomeOf(failure);
        }
    }

    /// <summary>For the tests of this program; nothing of the kind happens unless a file says so word for word.</summary>
    private static async Task FollowFailpointsAsync()
    {
        if (FailpointFile.Read(ProcessEnvironment.Variables(), FileReading.Of) is not { } orders)
            return;
        await Console.Error.WriteLineAsync($"[WARN] FAILPOINTS ARE ON: this program will fail on purpose. Unset {FailpointFile.Variable} unless this is a test of it.");
        MayFail.Follow(orders);
    }

    private static RunOutcome OutcomeOf(Exception failure) => failure switch
    {
        ConfigurationException or LabelException => RunOutcome.NotStarted,
        RunLockedException => RunOutcome.Locked,
        BackupRefusedException => RunOutcome.Refused,
        _ => RunOutcome.Failed,
    };

    private static string Describe(Exception failure) => failure switch
    {
        ConfigurationException configuration =>
            $"The configuration cannot be used; nothing was touched.\n{string.Join('\n', configuration.Faults.Select(fault => $"  {fault}"))}",
        RunLockedException or LabelException or BackupRefusedException or StoreException or ServiceException or DockerException or ProcessFailedException
            or IOException or UnauthorizedAccessException => $"backup-sidecar: {failure.Message}",
        _ => $"backup-sidecar: an error that should not happen; please report it with these lines.\n{failure}",
    };
}
