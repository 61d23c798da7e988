using BackupSidecar.Configuration;
using BackupSidecar.Reports;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>backup</c>: one backup, now: an archive of what is configured, or the database of one labelled container; or of each, where
/// only labels say what is backed up.
/// </summary>
internal static class BackupCommand
{
    public static async Task<int> ExecuteAsync(string? container, string? logFile, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.Everything, logFile);
        if (container is null && program is { Plan.Sources: [], Settings.Labels: { } labels })
            return await LabelledBackupsNow.RunAsync(program, labels, logFile, signals);
        if (container is null)
            return ExitCode.Of((await program.BackupRun().RunAsync(signals.Token)).Outcome, signals);
        var labelled = await program.LabelSearch().FindAsync(container, signals.Token);
        var report = await program.BackupRun(labelled).RunAsync(signals.Token);
        if (report.Outcome == RunOutcome.Succeeded)
            await program.GoneSweep().RunIfDueAsync(signals.Token);
        return ExitCode.Of(report.Outcome, signals);
    }
}
