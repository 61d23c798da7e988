using System.Text.Json;
using BackupSidecar.Backrest.Plans;

namespace BackupSidecar.Backrest.Configs;

/// <summary>Backrest's own rules for one plan.</summary>
internal static class PlanRules
{
    private static readonly string[][] Schedules = [["disabled"], ["cron"], ["maxFrequencyDays"], ["maxFrequencyHours"]];

    private static readonly string[][] Policies =
        [["policyKeepLastN", "policy_keep_last_n"], ["policyTimeBucketed", "policy_time_bucketed"], ["policyKeepAll", "policy_keep_all"]];

    private static readonly string[] Counts = ["hourly", "daily", "weekly", "monthly", "yearly", "keepLastN", "keep_last_n"];

    /// <param name="plan">The plan.</param>
    /// <param name="repos">The ids of the repositories.</param>
    /// <param name="isOurs">Whether it must pass in every version of Backrest; what others wrote has passed in theirs.</param>
    public static IEnumerable<string> Check(JsonElement plan, IReadOnlySet<string> repos, bool isOurs)
    {
        if (plan.ValueKind != JsonValueKind.Object)
        {
            yield return "it is no object.";
            yield break;
        }
        var repo = plan.TextOf("repo");
        if (!repos.Contains(repo))
            yield return repo.Length == 0 ? "it has no repo." : $"there is no repo '{repo}'.";
        var paths = plan.Items("paths").ToList();
        if (paths.Exists(path => path.GetText() is null or ""))
            yield return "one of its paths is empty.";
        if (isOurs && paths.Count == 0 && !plan.Items("backup_flags").Any())
            yield return "it has no paths.";
        if (plan.TryFind(out var schedule, "schedule") && ScheduleFault(schedule) is { } scheduleFault)
            yield return $"schedule: {scheduleFault}";
        if (plan.TryFind(out var retention, "retention") && RetentionFault(retention) is { } retentionFault)
            yield return $"retention: {retentionFault}";
        if (plan.Items("hooks").Any(hook => hook.ValueKind != JsonValueKind.Object || Actions(hook) > 1))
            yield return "one of its hooks has more than one action, or is no object.";
    }

    /// <summary>Null if Backrest takes it. No schedule at all is one that never runs.</summary>
    public static string? ScheduleFault(JsonElement schedule)
    {
        if (schedule.ValueKind != JsonValueKind.Object)
            return "it is no object.";
        var said = Schedules.Where(names => schedule.TryFind(out _, names)).Select(names => names[0]).ToList();
        if (said.Count > 1)
            return $"it says {string.Join(" and ", said)} at once.";
        if (said.Count == 0)
            return null;
        schedule.TryFind(out var value, said[0]);
        return said[0] switch
        {
            "disabled" => value.ValueKind == JsonValueKind.True ? null : "disabled can only be true.",
            "cron" => value.GetText() is { } cron ? BackrestCron.Fault(cron) : "cron is no text.",
            _ => value.TryGetNumber(out var number) && number >= 1 ? null : $"{said[0]} must be at least 1.",
        };
    }

    private static string? RetentionFault(JsonElement retention)
    {
        if (retention.ValueKind != JsonValueKind.Object)
            return "it is no object.";
        var said = Policies.Where(names => retention.TryFind(out _, names)).ToList();
        if (said.Count != 1)
            return said.Count == 0 ? "it is there without a policy." : $"it says {string.Join(" and ", said.Select(names => names[0]))} at once.";
        retention.TryFind(out var policy, said[0]);
        if (said[0][0] != "policyTimeBucketed")
            return null;
        return policy.ValueKind == JsonValueKind.Object && Counts.Any(name => policy.TryFind(out var count, name) && count.TryGetNumber(out var number) && number != 0)
            ? null
            : "all of its counts are zero.";
    }

    private static int Actions(JsonElement hook) => hook.EnumerateObject()
        .Count(member => member.Name.StartsWith("action", StringComparison.Ordinal) && member.Value.ValueKind != JsonValueKind.Null);
}
