using BackupSidecar.Configuration;

namespace BackupSidecar.Commands;

/// <summary><c>backup</c>: one backup, now: an archive of what is configured, or the database of one labelled container.</summary>
internal static class BackupCommand
{
    public static async Task<int> ExecuteAsync(string? container, string? logFile, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.Everything, logFile);
        var run = container is null ? program.BackupRun() : program.BackupRun(await program.LabelSearch().FindAsync(container, signals.Token));
        var report = await run.RunAsync(signals.Token);
        return ExitCode.Of(report.Outcome, signals);
    }
}
