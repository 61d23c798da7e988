namespace BackupSidecar.Backrest.Configs;

/// <summary>The repository of plans whose label names none, and where it comes from: "flag", "plan" or "repo".</summary>
internal sealed record DefaultRepo(string Id, string Source)
{
    /// <summary>The one that the operator named, if Backrest has it; else that of the first plan, else the first one; null if there is none.</summary>
    public static DefaultRepo? Resolve(ConfigText config, string? wanted)
    {
        var repos = ReposOf(config);
        if (wanted is not null && repos.Contains(wanted))
            return new DefaultRepo(wanted, "flag");
        if (config.Plans.Select(plan => plan.TextOf("repo")).FirstOrDefault(repo => repo.Length > 0) is { } ofPlan)
            return new DefaultRepo(ofPlan, "plan");
        return repos.Count > 0 ? new DefaultRepo(repos[0], "repo") : null;
    }

    /// <summary>The ids of all repositories, in their order.</summary>
    public static IReadOnlyList<string> ReposOf(ConfigText config) =>
        [.. config.Root.Items("repos").Select(repo => repo.TextOf("id")).Where(id => id.Length > 0)];
}
