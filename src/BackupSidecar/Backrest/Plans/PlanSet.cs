using System.Text.Json.Nodes;

namespace BackupSidecar.Backrest.Plans;

/// <summary>
/// The plans of all containers together. Containers that would have plans of one name and different content get none: whichever
/// came last would win, and the next look would begin it all again.
/// </summary>
internal static class PlanSet
{
    /// <summary>The same syntheses; those that fight over a name have a problem instead of a plan.</summary>
    /// <param name="all">One for each container.</param>
    /// <param name="includesProject">Whether names of projects are in those of plans.</param>
    public static IReadOnlyList<Synthesis> WithoutFights(IReadOnlyList<Synthesis> all, bool includesProject)
    {
        var fights = all.Where(one => one.PlanId is not null).GroupBy(one => one.PlanId!).Where(group => !AreOne([.. group])).ToDictionary(group => group.Key, group => group.ToList());
        return [.. all.Select(one => one.PlanId is { } id && fights.TryGetValue(id, out var group) ? Skipped(one, group, includesProject) : one)];
    }

    /// <summary>One plan for each name.</summary>
    public static IReadOnlyList<BackrestPlan> Of(IEnumerable<Synthesis> all) =>
        [.. all.Select(one => one.Plan).OfType<BackrestPlan>().DistinctBy(plan => plan.Id)];

    private static bool AreOne(List<Synthesis> group) =>
        group.Count == 1
        || group.TrueForAll(one => one.Plan is not null && JsonNode.DeepEquals(PlanJson.Write(one.Plan), PlanJson.Write(group[0].Plan!))); // The first is one of them.

    private static Synthesis Skipped(Synthesis one, List<Synthesis> group, bool includesProject)
    {
        if (one.Plan is null)
            return one;
        var others = string.Join(", ", group.Where(other => other != one).Select(other => other.Container.Name));
        return one with { Plan = null, Problem = $"would have the plan '{one.PlanId}', and so would {others}, with other content: none of them gets it. {Advice(group, includesProject)}" };
    }

    private static string Advice(List<Synthesis> group, bool includesProject)
    {
        var services = group.Select(one => (one.Container.Project, one.Container.Service)).Distinct().ToList();
        if (services is [{ Service: not null }])
            return "They are copies of one service: name the same paths and commands for all of them in labels, or label only one.";
        return !includesProject && services.Select(service => service.Project).Distinct().Count() > 1
            ? "Tell them apart with --include-project-name."
            : "Their names differ only in what no plan's name can hold: rename one of them.";
    }
}
