using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Services;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>Services that stand still because of us although nothing runs: a run was killed, or could not start them again.</summary>
internal static class Standstill
{
    /// <summary>A sentence about them, with what to do; null if there are none.</summary>
    public static string? Describe(Composition program)
    {
        var state = program.Settings.Paths.State;
        var path = Path.Combine(state, StopJournal.FileName);
        if (!File.Exists(path) || RunLock.Holder(state) is not null || Read(path) is not { } journal)
            return null;
        var services = StopJournal.Parse(journal);
        var names = services is null ? "which ones cannot be read" : string.Join(", ", services.Select(service => service.ContainerName));
        return $"services that a run had stopped may not run again: {names}. A running sidecar starts them within seconds; the next run tries again too. If neither helps: docker start";
    }

    /// <summary>
    /// Starts them where the settings cannot be used: that takes the state directory and the engine, and whatever else is wrong must not
    /// keep them down. Not after a restore that was killed: what it had half exchanged is put back first, for which the settings are needed.
    /// </summary>
    public static async Task EndWithoutSettingsAsync(CancellationToken cancellation)
    {
        var reading = new SettingsReader(FileReading.Of).Read(ProcessEnvironment.Variables(), SettingsScope.StoresOnly);
        if (reading.ForServices is not { } known || !File.Exists(Path.Combine(known.Paths.State, StopJournal.FileName)))
            return;
        var log = new ConsoleLogger(known.Log, reading.Redactor, TimeProvider.System, ConsoleLogger.IsTerminal, null);
        try
        {
            using var held = await RunLock.TakeAsync(known.Paths.State, "start of the program", cancellation);
            if (held.DiedBefore.Any(purpose => RunPurpose.TryParse(purpose, out var died) && died.Kind == RunKind.Restore))
                log.LogError("Services stay stopped that a restore had stopped: what it left half done is put back first, and the configuration is needed for that.");
            else
                await StopWindow.ReconcileAsync(known.Services, known.Paths.State, TimeProvider.System, log, cancellation);
        }
        catch (Exception failure) when (failure is RunLockedException or ConfigurationException)
        {
            log.LogWarning("Services that an earlier run had stopped are left to others: {Reason}", failure.Message);
        }
    }

    /// <summary>Null if it has just gone: a run that has started the last service removes it at any moment.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
