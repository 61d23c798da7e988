using System.Text.Json;
using System.Text.Json.Nodes;

namespace BackupSidecar.Backrest.Plans;

/// <summary>
/// Plans as Backrest writes them. What labels decide is compared by its meaning: Backrest writes out defaults and sorts lists, and
/// that is no difference.
/// </summary>
internal static class PlanJson
{
    private const string LocalClock = "CLOCK_LOCAL";

    /// <summary>Written by the original of this program into its own plans; Backrest knows no such field.</summary>
    private const string NeverUnderstood = "pathsExclude";

    /// <summary>The plan alone, in the order in which Backrest writes it.</summary>
    public static JsonObject Write(BackrestPlan plan) => Update(new JsonObject(), plan);

    /// <summary>
    /// Puts what labels decide into a plan that is there, and leaves all else in it as it is; also hooks that are no commands, because
    /// none of them is from a label.
    /// </summary>
    public static JsonObject Update(JsonObject existing, BackrestPlan plan)
    {
        existing["id"] = plan.Id;
        existing["repo"] = plan.Repo;
        existing["paths"] = Texts(plan.Paths);
        Set(existing, "excludes", plan.Excludes.Count > 0 ? Texts(plan.Excludes) : null);
        existing["schedule"] = new JsonObject { ["cron"] = plan.Cron, ["clock"] = LocalClock };
        Set(existing, "retention", plan.Retention is { } retention ? Write(retention) : null);
        var hooks = new JsonArray([.. plan.Hooks.Select(Write), .. OtherHooks(existing)]);
        Set(existing, "hooks", hooks.Count > 0 ? hooks : null);
        existing.Remove(NeverUnderstood);
        return existing;
    }

    /// <summary>Whether what labels decide is in the plan as it is there, in whatever spelling.</summary>
    public static bool Says(JsonElement existing, BackrestPlan plan) =>
        !existing.TryGetProperty(NeverUnderstood, out _)
        && PlanReading.TryRead(existing) is { } found
        && JsonNode.DeepEquals(Write(found), Write(plan));

    private static List<JsonNode> OtherHooks(JsonObject existing) =>
        [.. (existing["hooks"] as JsonArray ?? []).OfType<JsonObject>().Where(hook => !PlanReading.IsCommand(hook)).Select(hook => hook.DeepClone())];

    private static JsonObject Write(PlanRetention retention)
    {
        if (retention.All)
            return new JsonObject { ["policyKeepAll"] = true };
        if (retention.IsOnlyLast)
            return new JsonObject { ["policyKeepLastN"] = retention.Last };
        var buckets = new JsonObject();
        foreach (var (name, count) in PlanReading.Buckets.Zip(
            [retention.Hourly, retention.Daily, retention.Weekly, retention.Monthly, retention.Yearly, retention.Last]))
        {
            if (count > 0)
                buckets[name] = count;
        }
        return new JsonObject { ["policyTimeBucketed"] = buckets };
    }

    private static JsonObject Write(CommandHook hook)
    {
        var json = new JsonObject { ["conditions"] = Texts(hook.Conditions) };
        if (hook.OnError is not null)
            json["onError"] = hook.OnError;
        json[PlanReading.CommandAction] = new JsonObject { ["command"] = hook.Command };
        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static void Set(JsonObject json, string name, JsonNode? value)
    {
        if (value is null)
            json.Remove(name);
        else
            json[name] = value;
    }
}
