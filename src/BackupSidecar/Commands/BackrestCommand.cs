using BackupSidecar.Backrest;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using BackupSidecar.Runs;
using BackupSidecar.Services;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary><c>backrest</c>: its verbs, with exit codes of their own, which scripts know from the original of this program.</summary>
internal static class BackrestCommand
{
    public const int Changed = 0;
    public const int BadFlags = 1;
    public const int Unchanged = 2;
    public const int Failed = 3;

    private const string Purpose = "backrest backup-once";

    /// <summary>Reads the settings and runs a verb; failures end here as exit codes.</summary>
    public static Task<int> ExecuteAsync(
        IReadOnlyDictionary<string, IReadOnlyList<string>> given, Func<BackrestSettings, Signals, Task<int>> verb) =>
        Program.ExecuteAsync(async signals =>
        {
            try
            {
                return await verb(new BackrestReader(given, ProcessEnvironment.Variables(), FileReading.Of).Read(), signals);
            }
            catch (ConfigurationException failure)
            {
                await Console.Error.WriteLineAsync("backrest-sidecar: this cannot be used; nothing was touched.");
                foreach (var fault in failure.Faults)
                    await Console.Error.WriteLineAsync($"  {fault}");
                return BadFlags;
            }
        },
        Failed);

    public static int Version()
    {
        Console.Out.WriteLine($"{BackrestCommandLine.LinkName} {ProgramVersion.Number}");
        return 0;
    }

    public static async Task<int> ReconcileAsync(BackrestSettings settings, Signals signals)
    {
        using var program = new BackrestComposition(settings);
        try
        {
            var outcome = await program.Reconciler.RunAsync(signals.Token);
            if (outcome.IsFaulty && IsToBeApplied(program))
            {
                program.Log.RestartWithheld(settings.ConfigFile);
                return Failed;
            }
            if (program.Restart is not null && settings.DryRun && outcome.Changed > 0)
                await program.Restart.CheckAsync(signals.Token);
            var applied = program.Restart is null || settings.DryRun ? Applied.Nothing : await program.Restart.ApplyAsync(signals.Token);
            if (applied == Applied.Failed)
                return Failed;
            return !settings.DryRun && (outcome.Changed > 0 || applied == Applied.Done) ? Changed : Unchanged;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            program.Log.ReconcileFailed(failure.Message);
            return Failed;
        }
    }

    public static async Task<int> DaemonAsync(BackrestSettings settings, Signals signals)
    {
        using var program = new BackrestComposition(settings);
        await RecoverAsync(program, signals.Token);
        var events = settings.WithEvents ? new ContainerEvents(program.Engine, program.Time, program.Log) : null;
        var troubles = new Troubles(program.Log, program.Time);
        await new BackrestDaemon(settings, cancellation => LookAsync(program, troubles, cancellation), events, program.Time, program.Log).RunAsync(signals.Token);
        return 0;
    }

    public static async Task<int> BackupOnceAsync(BackrestSettings settings, Signals signals)
    {
        if (settings.DockerHost.Scheme != "unix")
        {
            throw new ConfigurationException([new ConfigurationFault(
                BackrestOptions.DockerSocket.Name, "the image that makes the backup needs the engine's socket itself.", BackrestOptions.DockerSocket.Default)]);
        }
        using var program = new BackrestComposition(settings);
        foreach (var doubt in settings.Once.Doubts)
            program.Log.OnceDoubts(BackrestOptions.EnvFile.Name, doubt);
        try
        {
            using var runLock = await RunLock.TakeAsync(settings.StateDirectory, $"{Purpose} (process {Environment.ProcessId})", signals.Token);
            await StartLeftBehindAsync(program, runLock, signals.Token);
            var labels = OnceLabels.Of(settings.StateDirectory, settings.Once.Environment);
            await new BackupOnce(settings, program.Engine, labels, program.Time, program.Log).RunAsync(signals.Token);
            return 0;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            program.Log.OnceFailed(failure.Message);
            return Failed;
        }
    }

    private static bool IsExpected(Exception failure) => failure is BackrestException or DockerException or ServiceException or RunLockedException
        or ProcessFailedException or IOException or UnauthorizedAccessException;

    /// <summary>Whether a change waits for a restart that is ours to make.</summary>
    private static bool IsToBeApplied(BackrestComposition program) => program.Restart is { IsWaited: true } && !program.Settings.DryRun;

    /// <summary>Whether something is left that should not wait for long.</summary>
    private static async Task<bool> LookAsync(BackrestComposition program, Troubles troubles, CancellationToken cancellation)
    {
        try
        {
            var outcome = await program.Reconciler.RunAsync(cancellation);
            troubles.AreOver();
            if (outcome.IsFaulty)
            {
                troubles.Withhold(IsToBeApplied(program) ? program.Settings.ConfigFile : null);
                return false;
            }
            troubles.Withhold(null);
            return program.Restart is not null && !program.Settings.DryRun && await program.Restart.TryAsync(cancellation) == Applied.Later;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            troubles.Tell(failure.Message);
            return false;
        }
    }

    /// <summary>A backup-once that was killed may have left services standing still; a folder that cannot be written to holds no such note.</summary>
    private static async Task RecoverAsync(BackrestComposition program, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(program.Settings.StateDirectory, StopJournal.FileName)))
            return;
        try
        {
            using var runLock = await RunLock.TakeAsync(program.Settings.StateDirectory, $"{Purpose}, start of the daemon", cancellation);
            await StartLeftBehindAsync(program, runLock, cancellation);
        }
        catch (RunLockedException locked)
        {
            program.Log.LogInformation("{Locked}", locked.Message);
        }
    }

    private static async Task StartLeftBehindAsync(BackrestComposition program, RunLock runLock, CancellationToken cancellation)
    {
        var services = new ServiceSettings { DockerHost = program.Settings.DockerHost };
        await StopWindow.ReconcileAsync(services, program.Settings.StateDirectory, program.Time, program.Log, cancellation);
        if (runLock.DiedBefore.All(purpose => purpose.StartsWith(Purpose, StringComparison.Ordinal)))
            runLock.ForgetTheDead();
    }
}
