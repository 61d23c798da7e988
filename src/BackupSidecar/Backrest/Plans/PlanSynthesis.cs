using BackupSidecar.Configuration.Values;
using BackupSidecar.Discovery;

namespace BackupSidecar.Backrest.Plans;

/// <summary>What came of a container's labels: a plan, or why there is none; and what its owner should know all the same.</summary>
internal sealed record Synthesis
{
    public required PlannedContainer Container { get; init; }

    /// <summary>The name that the plan has, or would have; null if the container has no name to make one of.</summary>
    public string? PlanId { get; init; }

    public BackrestPlan? Plan { get; init; }

    /// <summary>Why there is no plan; the end of a sentence that begins with the container.</summary>
    public string? Problem { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>From a container's labels and mounts to its plan: no more than a function.</summary>
internal static class PlanSynthesis
{
    private static readonly string[] StopStart = ["simple-stop-start", "stop-start", "quiesce-stop-start"];

    /// <param name="container">Whose plan.</param>
    /// <param name="defaults">What its labels do not say.</param>
    /// <param name="defaultRepo">The repository where no label names one; null if there is none.</param>
    public static Synthesis Of(PlannedContainer container, PlanDefaults defaults, string? defaultRepo)
    {
        var warnings = container.Labels.Unknown.Select(Unknown).ToList();
        var id = IdOf(container, defaults);
        var result = new Synthesis { Container = container, PlanId = id };
        if (id is null)
            return result with { Problem = "has no name that a plan could have.", Warnings = warnings };
        if (defaults.PrefixOfOthers(id) is { } prefix)
            return result with { Problem = $"would have the plan '{id}', and what begins with '{prefix}' is another one's of that --plan-id-prefix. Take prefixes of which none begins with the other.", Warnings = warnings };
        if (container.Labels.WithNul is { } label)
            return result with { Problem = $"{label}: it has a NUL character in it, which neither paths nor commands can have.", Warnings = warnings };
        if ((container.Labels.Repo ?? defaultRepo) is not { } repo)
            return result with { Problem = $"has no repository: Backrest has none yet, or name one in {BackrestLabels.RepoLabel}.", Warnings = warnings };

        if (Schedule(container, defaults, id, out var cron) is { } scheduleProblem)
            return result with { Problem = scheduleProblem, Warnings = warnings };
        if (Keep(container, defaults, out var retention) is { } keepProblem)
            return result with { Problem = keepProblem, Warnings = warnings };
        if (Paths(container, defaults, warnings, out var paths, out var excludes) is { } pathProblem)
            return result with { Problem = pathProblem, Warnings = warnings };
        var plan = new BackrestPlan
        {
            Id = id,
            Repo = repo,
            Paths = paths,
            Excludes = excludes,
            Cron = cron,
            Retention = retention,
            Hooks = Hooks(container, defaults, warnings),
        };
        return result with { Plan = plan, Warnings = warnings };
    }

    /// <summary>The name of a container's plan; null if there is nothing to make one of.</summary>
    public static string? IdOf(PlannedContainer container, PlanDefaults defaults)
    {
        var ofProject = defaults.IncludeProjectName && container is { Project: not null, Service: not null }
            ? $"{container.Project}_{container.Service}"
            : null;
        return PlanId.From(defaults.IdPrefix, [ofProject, container.Service, container.Name, container.ShortId]);
    }

    private static string? Schedule(PlannedContainer container, PlanDefaults defaults, string id, out string cron)
    {
        cron = PlanId.WithMinute(container.Labels.Schedule ?? defaults.Schedule, id);
        return BackrestCron.StrictFault(cron) is { } fault ? $"{BackrestLabels.ScheduleLabel}: {fault} Example: 0 2 * * *, or T 2 * * *" : null;
    }

    private static string? Keep(PlannedContainer container, PlanDefaults defaults, out PlanRetention? retention)
    {
        retention = defaults.Retention;
        if (container.Labels.Keep is not { } keep || PlanRetention.TryParse(keep, out retention, out var problem))
            return null;
        return $"{BackrestLabels.KeepLabel}: {problem} Example: {PlanRetention.Example}";
    }

    private static string? Paths(
        PlannedContainer container, PlanDefaults defaults, List<string> warnings, out IReadOnlyList<string> paths, out IReadOnlyList<string> excludes)
    {
        var host = new HostPaths(container.Mounts, defaults.Paths);
        (paths, excludes) = ([], BackrestPlan.Arranged(container.Labels.Exclude.Select(host.MapPattern)));
        var named = container.Labels.Include.Select(HostPaths.Clean).ToList();
        Tell(host.LeftOut(named), warnings);
        if (named.Count == 0)
        {
            paths = Sorted(host.Derive());
            return paths.Count > 0 ? null : $"has no derived paths: it mounts no data. Name paths in {BackrestLabels.IncludeLabel}.";
        }
        var mapped = new List<string>();
        foreach (var path in container.Labels.Include)
        {
            if (!path.StartsWith('/'))
                return $"{BackrestLabels.IncludeLabel}: '{path}' is not an absolute path. Example: /data";
            if (host.Map(HostPaths.Clean(path)) is not { } found)
                return $"{BackrestLabels.IncludeLabel}: '{path}' lies in the container's memory (tmpfs), where Backrest cannot read it.";
            if (!host.IsMounted(HostPaths.Clean(path)))
                warnings.Add(OfTheHost(HostPaths.Clean(path)));
            mapped.Add(found);
            mapped.AddRange(host.MountedBelow(HostPaths.Clean(path)));
        }
        paths = Sorted(mapped);
        return null;
    }

    private static void Tell((IReadOnlyList<string> Unnamed, IReadOnlyList<string> OfTheSystem) leftOut, List<string> warnings)
    {
        if (leftOut.Unnamed.Count > 0)
            warnings.Add(
                $"is backed up without its volumes that have no name: {string.Join(", ", leftOut.Unnamed)}. A new container gets others: give them names, or " +
                $"list the paths in {BackrestLabels.IncludeLabel}.");
        if (leftOut.OfTheSystem.Count > 0)
            warnings.Add(
                $"is backed up without {string.Join(", ", leftOut.OfTheSystem)}: on the host, that is where the system and the engine keep what is theirs. If it is data, " +
                $"list the paths in {BackrestLabels.IncludeLabel}.");
    }

    private static string OfTheHost(string path) =>
        $"takes {path} from the host: {BackrestLabels.IncludeLabel} names it, and it lies on no mount of the container. What the container keeps there itself is not backed up" +
        (path == "/" ? "; the whole host is, as far as Backrest sees it. Name the paths that are mounted." : ". Mount a volume there, or name a path on one.");

    private static List<CommandHook> Hooks(PlannedContainer container, PlanDefaults defaults, List<string> warnings)
    {
        List<CommandHook> own =
        [
            .. container.Labels.SnapshotStart.Select(command => new CommandHook([CommandHook.SnapshotStart], command)),
            .. container.Labels.SnapshotEnd.Select(command => new CommandHook([CommandHook.SnapshotEnd], command)),
        ];
        var template = container.Labels.HooksTemplate?.ToLowerInvariant();
        if (template is null or "none")
            return own;
        if (own.Count > 0)
        {
            warnings.Add($"has commands of its own, so {BackrestLabels.TemplateLabel} does not count: it is stopped and started only if they do it. Take one of the two away.");
            return own;
        }
        if (!StopStart.Contains(template))
        {
            warnings.Add($"is backed up without being stopped: {BackrestLabels.TemplateLabel} knows {StopStart[0]} and none, not {Shown.Quote(template)}.");
            return [];
        }
        if (defaults.NeverStopped.Contains(container.Id))
        {
            warnings.Add($"is backed up without being stopped: it would not be there to be started again. Take {BackrestLabels.TemplateLabel} away.");
            return [];
        }
        if (container.IsRemovedByStop)
        {
            warnings.Add($"is backed up without being stopped: it was made with --rm, and stopping would remove it. Make it without --rm, or take {BackrestLabels.TemplateLabel} away.");
            return [];
        }
        var name = container.Name.Length > 0 ? container.Name : container.ShortId;
        return
        [
            // What still runs must not be taken for what stands still.
            new CommandHook([CommandHook.SnapshotStart], $"docker stop {name}", CommandHook.Fatal),
            new CommandHook([CommandHook.SnapshotEnd, CommandHook.SnapshotError], $"docker start {name}"),
        ];
    }

    private static string Unknown(string label) =>
        $"has a label that means nothing here: {label}." + (Nearest.To(label, BackrestLabels.Names) is { } nearest ? $" Is {nearest} meant?" : "");

    private static IReadOnlyList<string> Sorted(IEnumerable<string> paths) => [.. paths.Distinct().Order(StringComparer.Ordinal)];
}
