using BackupSidecar.Configuration;

namespace BackupSidecar.Commands;

/// <summary><c>backup</c>: one backup, now.</summary>
internal static class BackupCommand
{
    public static async Task<int> ExecuteAsync(string? logFile, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.Everything, logFile);
        var report = await program.BackupRun().RunAsync(signals.Token);
        return ExitCode.Of(report.Outcome, signals);
    }
}
