using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;
using BackupSidecar.Reports;
using BackupSidecar.Retention;
using BackupSidecar.Runs;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Stores;

namespace BackupSidecar.Commands;

/// <summary><c>prune</c>: retention on demand, with the reason of every decision.</summary>
internal static class PruneCommand
{
    public static async Task<int> ExecuteAsync(bool dryRun, bool force, Signals signals)
    {
        using var program = Composition.Load(SettingsScope.StoresOnly);
        using var runLock = dryRun ? null : await RunLock.TakeAsync(program.Settings.Paths.State, RunPurpose.Of(RunKind.Prune, Guid.NewGuid()).ToString(), signals.Token);
        var outcome = RunOutcome.Succeeded;
        foreach (var store in program.Stores)
            outcome = Worse(outcome, await PruneAsync(program, store, program.RetentionRun(), dryRun, force, signals.Token));
        var claimed = program.LabelStores.Count > 0 ? await ClaimedAsync(program, signals.Token) : new Dictionary<string, string>();
        foreach (var store in program.LabelStores)
            outcome = Worse(outcome, await PruneLabelledAsync(program, store, claimed, dryRun || program.Settings.Labels is { IsRetentionDryRun: true }, force, signals.Token));
        return (int)outcome;
    }

    /// <summary>Each labelled database by itself, whether or not its container is still there.</summary>
    private static async Task<RunOutcome> PruneLabelledAsync(
        Composition program, IBackupStore store, IReadOnlyDictionary<string, string> claimed, bool dryRun, bool force, CancellationToken cancellation)
    {
        var catalog = await new CatalogReader([store], BackupForm.OfArtefacts(program.Settings)).ReadAsync(cancellation);
        if (!catalog.IsWhole)
            return await LeftAloneAsync(program, store, string.Join(' ', catalog.Problems));
        var outcome = RunOutcome.Succeeded;
        foreach (var group in ArtefactGroup.Of(catalog, program.Settings.Archive.HasManifestKey))
        {
            outcome = Worse(outcome, claimed.GetValueOrDefault(group.Owner.Identity ?? "") is { } claim
                ? await LeftAloneAsync(program, store, $"{group.Owner.Identity}: {claim}")
                : await PruneAsync(program, store, program.LabelRetention(group), dryRun, force, cancellation));
        }
        return outcome;
    }

    /// <summary>By identity: why nothing of a database goes while two containers claim to be it.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> ClaimedAsync(Composition program, CancellationToken cancellation)
    {
        try
        {
            var present = program.Settings.Labels is { } labels ? await program.SurveyAsync(labels, cancellation) : [];
            return present.Select(container => container.Reading.Database).OfType<LabelledDatabase>().Where(database => database.WhyNotPruned is not null)
                .ToDictionary(database => database.Identity, database => database.WhyNotPruned!); // Asked for above.
        }
        catch (DockerException failure)
        {
            await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact($"Whether two containers claim to be the same database cannot be seen: {failure.Message}"));
            return new Dictionary<string, string>();
        }
    }

    private static async Task<RunOutcome> PruneAsync(
        Composition program, IBackupStore store, RetentionRun retention, bool dryRun, bool force, CancellationToken cancellation)
    {
        try
        {
            var plan = await retention.PlanAsync(store, cancellation);
            await Console.Out.WriteAsync(Text(store, plan, dryRun));
            if (dryRun)
                return RunOutcome.Succeeded;
            var result = await retention.ApplyAsync(store, plan, force, cancellation);
            return result.Problems.Count > 0 || plan.FrozenBecause is not null ? RunOutcome.Partial : RunOutcome.Succeeded;
        }
        catch (StoreException failure)
        {
            return await LeftAloneAsync(program, store, failure.Message);
        }
    }

    private static async Task<RunOutcome> LeftAloneAsync(Composition program, IBackupStore store, string problem)
    {
        await Console.Error.WriteLineAsync(program.Reading.Redactor.Redact($"The {store.Name} store was left alone: {problem}"));
        return RunOutcome.Partial;
    }

    private static RunOutcome Worse(RunOutcome one, RunOutcome other) => one == RunOutcome.Succeeded ? other : one;

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
