namespace BackupSidecar.Backrest.Configs;

/// <summary>The repository of plans whose label names none, and where it comes from: "flag", "plan" or "repo".</summary>
internal sealed record DefaultRepo(string Id, string Source)
{
    private const string Flag = "flag";

    /// <summary>Whether the operator named it; it holds for plans that are there already, too.</summary>
    public bool IsNamed => Source == Flag;

    /// <summary>The one that the operator named, if Backrest has it; else that of the first plan of others, else the first one; null if there is none.</summary>
    /// <param name="config">Where they stand.</param>
    /// <param name="wanted">What the operator named, or null.</param>
    /// <param name="isOurs">Which plans are ours: they follow others, and never each other.</param>
    public static DefaultRepo? Resolve(ConfigText config, string? wanted, Func<string, bool> isOurs)
    {
        var repos = ReposOf(config);
        if (wanted is not null && repos.Contains(wanted))
            return new DefaultRepo(wanted, Flag);
        if (config.Plans.Where(plan => !isOurs(plan.TextOf("id"))).Select(plan => plan.TextOf("repo")).FirstOrDefault(repo => repo.Length > 0) is { } ofPlan)
            return new DefaultRepo(ofPlan, "plan");
        return repos.Count > 0 ? new DefaultRepo(repos[0], "repo") : null;
    }

    /// <summary>The repository that a plan has and that Backrest knows, or null: its snapshots are there, whatever is the default by now.</summary>
    public static string? KeptBy(ConfigText config, string? planId) =>
        config.Plans.Where(plan => plan.TextOf("id") == planId).Select(plan => plan.TextOf("repo")).FirstOrDefault(ReposOf(config).Contains);

    /// <summary>The ids of all repositories, in their order.</summary>
    public static IReadOnlyList<string> ReposOf(ConfigText config) =>
        [.. config.Root.Items("repos").Select(repo => repo.TextOf("id")).Where(id => id.Length > 0)];
}
