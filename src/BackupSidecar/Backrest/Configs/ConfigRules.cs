using System.Text;
using System.Text.Json;

namespace BackupSidecar.Backrest.Configs;

/// <summary>
/// Backrest's own rules for a configuration. One fault anywhere, and Backrest does not start: so a text with a fault is never
/// written, whoever made it. Rules that only some versions have are applied to our own plans alone.
/// </summary>
internal sealed class ConfigRules
{
    private const int LongestInstance = 50;

    /// <summary>Before it, Backrest refuses a configuration as too old, or takes it for one that nobody wrote.</summary>
    private const int OldestVersion = 2;

    private readonly List<string> _faults = [];

    private ConfigRules()
    {
    }

    /// <summary>Every fault, as a sentence for people; none if Backrest takes it.</summary>
    /// <param name="root">The whole configuration.</param>
    /// <param name="isOurs">Which plans are ours.</param>
    public static IReadOnlyList<string> Check(JsonElement root, Func<string, bool> isOurs)
    {
        var rules = new ConfigRules();
        rules.CheckConfig(root, isOurs);
        return rules._faults;
    }

    private void CheckConfig(JsonElement root, Func<string, bool> isOurs)
    {
        _faults.AddRange(ConfigTypes.Check(root));
        if (!root.TryFind(out var version, "version") || !version.TryGetNumber(out var number) || number < OldestVersion)
            Add($"its version is missing or below {OldestVersion}. Start Backrest once with it, so that Backrest brings it up to date.");
        if (root.TryFind(out var instance, "instance") && instance.GetText() is { } name)
        {
            if (Encoding.UTF8.GetByteCount(name) > LongestInstance)
                Add($"the instance '{name}' is longer than {LongestInstance} bytes.");
            CheckReserved("the instance", name);
        }
        var repos = CheckRepos(root);
        var plans = new HashSet<string>();
        foreach (var plan in root.Items("plans"))
        {
            var id = plan.TextOf("id");
            CheckId("plan", id, plans);
            foreach (var fault in PlanRules.Check(plan, repos, isOurs(id)))
                Add($"plan '{id}': {fault}");
        }
    }

    private HashSet<string> CheckRepos(JsonElement root)
    {
        var repos = new HashSet<string>();
        foreach (var repo in root.Items("repos"))
        {
            var id = repo.TextOf("id");
            CheckId("repo", id, repos);
            if (repo.TextOf("uri").Length == 0)
                Add($"repo '{id}': it has no uri.");
            if (repo.Items("env").Any(variable => variable.GetText()?.Contains('=', StringComparison.Ordinal) != true))
                Add($"repo '{id}': a variable in its env is not of the form NAME=value.");
            foreach (var (policy, other) in new[] { ("prunePolicy", "prune_policy"), ("checkPolicy", "check_policy") })
            {
                if (repo.TryFind(out var found, policy, other) && found.TryFind(out var schedule, "schedule") && PlanRules.ScheduleFault(schedule) is { } fault)
                    Add($"repo '{id}': {policy}: {fault}");
            }
        }
        return repos;
    }

    private void CheckId(string kind, string id, HashSet<string> known)
    {
        if (id.Length == 0)
            Add($"a {kind} has no id.");
        CheckReserved($"the {kind}", id);
        if (!known.Add(id))
            Add($"there are two {kind}s with the id '{id}'.");
    }

    private void CheckReserved(string what, string id)
    {
        if (id.StartsWith('_') && id.EndsWith('_'))
            Add($"{what} '{id}' begins and ends with '_', which Backrest keeps for itself.");
    }

    private void Add(string fault) => _faults.Add(fault);
}
