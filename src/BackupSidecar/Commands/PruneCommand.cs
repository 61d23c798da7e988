using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Retention;
using BackupSidecar.Runs;
using BackupSidecar.Stores;

namespace BackupSidecar.Commands;

/// <summary><c>prune</c>: retention on demand, with the reason of every decision.</summary>
internal static class PruneCommand
{
    public static async Task<int> ExecuteAsync(bool dryRun, bool force, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        using var runLock = dryRun ? null : await RunLock.TakeAsync(program.Settings.Paths.State, RunPurpose.Of(RunKind.Prune, Guid.NewGuid()).ToString(), signals.Token);
        var retention = program.RetentionRun();
        var outcome = RunOutcome.Succeeded;
        foreach (var store in program.Stores)
        {
            try
            {
                var plan = await retention.PlanAsync(store, signals.Token);
                await Console.Out.WriteAsync(Text(store, plan, dryRun));
                if (!dryRun && ((await retention.ApplyAsync(store, plan, force, signals.Token)).Problems.Count > 0 || plan.FrozenBecause is not null))
                    outcome = RunOutcome.Partial;
            }
            catch (StoreException failure)
            {
                await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact($"The {store.Name} store was left alone: {failure.Message}"));
                outcome = RunOutcome.Partial;
            }
        }
        return (int)outcome;
    }

    private static string Text(IBackupStore store, RetentionPlan plan, bool dryRun)
    {
        var lines = plan.Decisions.Select(decision =>
            $"  {(decision.Keep ? "keep  " : "remove")}  {decision.Candidate.Archive}  {decision.Reason}\n");
        var count = plan.Removals.Count();
        var cap = plan.ExceedsCap ? $" That is more than BACKUP_RETENTION_MAX_DELETIONS={plan.MaximumDeletions}: only 'prune --force' does it." : "";
        var frozen = plan.FrozenBecause is { } reason ? $" {reason}" : "";
        return $"{store.Location}: {plan.Decisions.Count} backups, {count} to remove{(dryRun ? " (dry run: nothing is removed)" : "")}.{cap}{frozen}\n{string.Concat(lines)}";
    }
}
