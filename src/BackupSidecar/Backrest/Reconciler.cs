using BackupSidecar.Backrest.Configs;
using BackupSidecar.Backrest.Plans;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Docker;
using BackupSidecar.Services;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Backrest;

/// <summary>What one look at all containers came to.</summary>
internal sealed record Reconciled(int Rendered, int Skipped, int Changed)
{
    /// <summary>Whether Backrest would not start with the configuration, by no fault of ours.</summary>
    public bool IsFaulty { get; init; }
}

/// <summary>
/// Brings Backrest's plans up to date with the labels of the containers, once. Nothing is written that Backrest would not start
/// with, and nothing that is not ours is touched.
/// </summary>
/// <param name="settings">What the operator said.</param>
/// <param name="defaults">What labels do not say.</param>
/// <param name="engine">Where the containers are.</param>
/// <param name="store">Where the plans are.</param>
/// <param name="pending">Is told of a change before it is made; null where nobody has to apply it.</param>
/// <param name="log">Is told each thing once, until it changes.</param>
internal sealed class Reconciler(
    BackrestSettings settings, PlanDefaults defaults, DockerEngine engine, IConfigStore store, PendingApply? pending, ILogger log)
{
    private const int MostAttempts = 5;

    private readonly ToldOnce _told = new();

    /// <exception cref="BackrestException">The configuration cannot be read, or could not be changed without harm.</exception>
    /// <exception cref="DockerException">The containers cannot be looked at.</exception>
    public async Task<Reconciled> RunAsync(CancellationToken cancellation)
    {
        var containers = await FindAsync(cancellation);
        var all = defaults with
        {
            NeverStopped = [.. defaults.NeverStopped, .. await new BackrestContainer(settings.Container, engine).CandidatesAsync(cancellation)],
            LongerPrefixes = PlanId.Beginning(settings.PlanIdPrefix) is { Length: > 0 } own ? store.LongerPrefixes(own, !settings.DryRun) : [],
        };
        for (var attempt = 1; ; attempt++)
        {
            if (await store.ReadAsync(cancellation) is not { } config)
            {
                _told.Tell(store.Location, () => log.ConfigMissing(store.Location));
                _told.End();
                return new Reconciled(0, containers.Count, 0);
            }
            var plans = Synthesize(config, containers, all);
            var merged = Merge(config, plans, all);
            var outcome = new Reconciled(plans.Count(one => one.Plan is not null), plans.Count(one => one.Plan is null), merged.Changes);
            if (merged.Text is { } wanted)
                EnsureAcceptable(config, wanted, all);
            else
                outcome = outcome with { IsFaulty = IsFaulty(config, all) };
            if (merged.Text is not null && settings.DryRun)
                store.CheckReplaceable();
            else if (merged.Text is { } text)
            {
                pending?.Note();
                if (!await store.TryReplaceAsync(config, text, cancellation))
                {
                    log.ChangedMeanwhile(store.Location);
                    if (attempt == MostAttempts)
                        throw new BackrestException($"{store.Location} changes all the time, so nothing was written. Somebody else writes there again and again.");
                    continue;
                }
                log.ConfigWritten(store.Location, merged.Total, merged.Changes);
            }
            Tell(plans, merged, outcome);
            return outcome;
        }
    }

    private async Task<IReadOnlyList<PlannedContainer>> FindAsync(CancellationToken cancellation)
    {
        _told.Begin();
        var found = new List<PlannedContainer>();
        foreach (var container in await engine.ListContainersAsync(cancellation))
        {
            if (Discovery.BackrestLabels.LooksEnabled(container.Labels))
                _told.Tell($"enable {container.PlainName}", () => log.PlanSkipped(container.PlainName, "none", "is left out: backrest.enable must be exactly 'true'."));
            // A container that goes away while it is looked at needs no plan.
            if (Discovery.BackrestLabels.IsEnabled(container.Labels) && ServiceMatching.StandsForItsService(container)
                && await engine.InspectAsync(container.Id, cancellation) is { } details)
                found.Add(PlannedContainer.From(details));
        }
        return [.. found.OrderBy(container => container.Name, StringComparer.Ordinal)];
    }

    private IReadOnlyList<Synthesis> Synthesize(ConfigText config, IReadOnlyList<PlannedContainer> containers, PlanDefaults all)
    {
        var fallback = DefaultRepo.Resolve(config, settings.DefaultRepo, all.IsOurs);
        if (fallback is null)
            _told.Tell("default", () => log.DefaultRepoUnset($"{store.Location} has no repos."));
        else if (settings.DefaultRepo is { } wanted && !fallback.IsNamed)
            _told.Tell("default", () => log.DefaultRepoUnknown(wanted, fallback.Id));
        else
            _told.Tell($"default {fallback}", () => log.DefaultRepoResolved(fallback.Id, fallback.Source));

        var repos = DefaultRepo.ReposOf(config);
        var plans = PlanSet.WithoutFights([.. containers.Select(container => PlanSynthesis.Of(container, all, RepoOf(container)))], settings.IncludeProjectName);
        return [.. plans.Select(one => one.Plan is { } plan && !repos.Contains(plan.Repo) ? MissesRepo(one, plan) : one)];

        string? RepoOf(PlannedContainer container) =>
            (fallback is { IsNamed: true } ? null : DefaultRepo.KeptBy(config, PlanSynthesis.IdOf(container, all))) ?? fallback?.Id ?? settings.DefaultRepo;
    }

    private Synthesis MissesRepo(Synthesis one, BackrestPlan plan)
    {
        _told.Tell($"{one.Container.Name} {plan.Repo}", () => log.RepoMissing(one.Container.Name, plan.Id, plan.Repo));
        return one with { Plan = null };
    }

    private MergeResult Merge(ConfigText config, IReadOnlyList<Synthesis> plans, PlanDefaults all) => ConfigMerge.Merge(config, new PlanChanges
    {
        Wanted = PlanSet.Of(plans),
        IsOurs = all.IsOurs,
        Living = plans.Select(one => one.PlanId).OfType<string>().ToHashSet(),
        Prune = settings.Prune,
        CountsUp = store.CountsUp,
    });

    /// <summary>A fault that was there before is not ours to mend, but a restart would find it.</summary>
    private void EnsureAcceptable(ConfigText before, byte[] text, PlanDefaults all)
    {
        var faults = ConfigRules.Check(ConfigText.Parse(text, "The new text").Root, all.IsOurs);
        if (faults.Count == 0)
            return;
        var was = ConfigRules.Check(before.Root, all.IsOurs);
        var made = faults.Except(was).ToList();
        throw new BackrestException(made.Count > 0
            ? $"Nothing was written to {store.Location}: Backrest would not start with it. {string.Join(' ', made)}"
            : $"Nothing was written to {store.Location}: Backrest would not start with it as it stands there, even without a change of ours. Mend this first: {string.Join(' ', faults)}");
    }

    /// <summary>Nothing is to change, so a fault of others only has to be told; nobody but us mends a plan of ours.</summary>
    private bool IsFaulty(ConfigText config, PlanDefaults all)
    {
        var faults = ConfigRules.Check(config.Root, all.IsOurs);
        if (faults.Count == 0)
            return false;
        var others = config.With([.. config.Plans.Select((plan, index) => (plan, index)).Where(one => !all.IsOurs(one.plan.TextOf("id"))).Select(one => new PlanEntry(one.index))], countsUp: false);
        if (ConfigRules.Check(ConfigText.Parse(others, store.Location).Root, all.IsOurs).Count < faults.Count)
            throw new BackrestException($"Backrest would not start with {store.Location}, and a plan of ours is among what is wrong, whose container is gone or has labels that cannot be used. Mend or remove it: {string.Join(' ', faults)}");
        foreach (var fault in faults)
            _told.Tell($"fault {fault}", () => log.ConfigFaulty(store.Location, fault));
        return true;
    }

    private void Tell(IReadOnlyList<Synthesis> plans, MergeResult merged, Reconciled outcome)
    {
        foreach (var one in plans)
        {
            foreach (var warning in one.Warnings)
                _told.Tell($"{one.Container.Name} {warning}", () => log.PlanWarning(one.Container.Name, one.PlanId ?? "none", warning));
            if (one.Problem is { } problem)
                _told.Tell($"{one.Container.Name} {problem}", () => log.PlanSkipped(one.Container.Name, one.PlanId ?? "none", problem));
        }
        foreach (var plan in PlanSet.Of(plans))
        {
            var change = merged.Added.Contains(plan.Id) ? "added" : merged.Updated.Contains(plan.Id) ? "updated" : "unchanged";
            log.PlanRendered(change == "unchanged" ? LogLevel.Debug : LogLevel.Information, plan.Id, plan.Repo, plan.Paths, change, settings.DryRun);
        }
        foreach (var id in merged.Taken)
            _told.Tell($"taken {id}", () => log.PlanTaken(id));
        foreach (var id in merged.Removed)
            log.PlanRemoved(id, settings.DryRun);
        foreach (var id in merged.Stale)
            _told.Tell($"stale {id}", () => log.PlanStale(id));
        if (settings.DryRun)
            log.DryRunComplete(plans.Count, merged.Changes, store.Location);
        log.ReconcileComplete(outcome.Changed > 0 || _told.IsFirst ? LogLevel.Information : LogLevel.Debug, outcome.Rendered, outcome.Skipped, outcome.Changed);
        _told.End();
    }
}
