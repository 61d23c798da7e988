using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Reports;
using BackupSidecar.Scheduling.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Commands;

/// <summary><c>explain</c>: why each container is, or is not, backed up because of its labels, and what nobody backs up. Changes nothing.</summary>
internal static class ExplainCommand
{
    public static async Task<int> ExecuteAsync(string? container, bool asJson, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        var labels = program.Settings.Labels ?? new LabelSettings();
        var containers = await program.ContainersAsync(signals.Token);
        var covered = program.Covered(containers);
        var ledger = new JobLedger(program.Settings.Paths.State, NullLogger.Instance);
        var found = program.Survey(labels, containers)
            .Where(each => container is null || IsMeant(each, container))
            .Select(each => ExplainedContainer.Of(each, Stateful.WhyUnprotected(each, covered), ledger, program))
            .ToList();
        if (container is not null && found.Count == 0)
        {
            await Console.Error.WriteLineAsync($"backup-sidecar: there is no container '{container}' (this one itself is not explained). Look at: docker ps -a");
            return (int)RunOutcome.Failed;
        }
        var scope = program.Settings.Labels is null ? "Labels are not read (BACKUP_LABELS)."
            : labels.Scope == LabelScope.All ? "Labels of all containers are read (BACKUP_LABEL_SCOPE)."
            : "Labels of containers of this Compose project are read (BACKUP_LABEL_SCOPE).";
        await Console.Out.WriteLineAsync(asJson ? ExplainJson.Of(found, program.Settings.Labels) : ExplainText.Of(found, scope, program.Settings));
        return (int)RunOutcome.Succeeded;
    }

    private static bool IsMeant(SurveyedContainer each, string name) =>
        each.Container.Name == name || each.Container.Label(ComposeLabels.Service) == name
        || (name.Length >= 12 && each.Summary.Id.StartsWith(name, StringComparison.OrdinalIgnoreCase));
}
