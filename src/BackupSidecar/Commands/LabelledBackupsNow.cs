using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Commands;

/// <summary>
/// <c>backup</c> where only labels say what is backed up: every database that asks for it, one after the other, each in a process of its own.
/// One that fails does not cost the others; one whose container does not run is passed over, as on schedule.
/// </summary>
internal static class LabelledBackupsNow
{
    public static async Task<int> RunAsync(Composition program, LabelSettings labels, string? logFile, Signals signals)
    {
        var log = program.Log;
        var codes = new List<int>();
        var failed = new List<string>();
        foreach (var container in (await program.SurveyAsync(labels, signals.Token)).Where(each => each.Standing == LabelStanding.BackedUp || each.Refusal is not null))
        {
            if (!container.IsRunning)
            {
                log.LogWarning("{Container} is not backed up: it is {State}.", container.Container.Name, container.Summary.State);
                continue;
            }
            var code = await BackUpAsync(container, logFile, log, signals);
            signals.Token.ThrowIfCancellationRequested();
            codes.Add(code);
            if (code != 0)
                failed.Add(container.Container.Name);
        }
        if (codes.Count == 0)
            log.LogError("Nothing was backed up. No container asks by labels to be backed up and runs. What each would need: backup-sidecar explain");
        if (failed.Count > 0)
            log.LogError("Not backed up: {Containers}.", string.Join(", ", failed));
        return CodeOf(codes);
    }

    private static async Task<int> BackUpAsync(SurveyedContainer container, string? logFile, ILogger log, Signals signals)
    {
        if (container.Refusal is { } refusal)
        {
            log.LogError("{Container} is NOT backed up: {Refusal}", container.Container.Name, refusal);
            return (int)RunOutcome.NotStarted;
        }
        log.LogInformation("Backing up {Container}", container.Container.Name);
        string[] arguments = ["backup", "--container", container.Container.Name, .. logFile is null ? Array.Empty<string>() : ["--log-file", logFile]];
        return await ForegroundProcess.RunAsync(Environment.ProcessPath!, arguments, new Dictionary<string, string>(), signals.Token); // A process has a path.
    }

    /// <summary>As if all were sources of one backup.</summary>
    private static int CodeOf(List<int> codes) => codes.Distinct().ToList() switch
    {
        [] => (int)RunOutcome.NotStarted,
        [var only] => only,
        var several => (int)(several.Contains(0) || several.Contains((int)RunOutcome.Partial) ? RunOutcome.Partial : RunOutcome.Failed),
    };
}
