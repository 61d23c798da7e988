using System.Text.Json;
using System.Text.Json.Nodes;

namespace BackupSidecar.Backrest.Plans;

/// <summary>Reads what labels could have decided out of a plan that is there.</summary>
internal static class PlanReading
{
    public const string CommandAction = "actionCommand";

    /// <summary>Members may have either of their two names: the one that Backrest writes, or that of its schema.</summary>
    private static readonly Dictionary<string, string> OtherNames = new()
    {
        [CommandAction] = "action_command",
        ["onError"] = "on_error",
        ["policyKeepAll"] = "policy_keep_all",
        ["policyKeepLastN"] = "policy_keep_last_n",
        ["policyTimeBucketed"] = "policy_time_bucketed",
        ["keepLastN"] = "keep_last_n",
    };

    /// <summary>The names of the counts, in Backrest's order.</summary>
    public static IReadOnlyList<string> Buckets { get; } = ["hourly", "daily", "weekly", "monthly", "yearly", "keepLastN"];

    /// <summary>Whether a hook is a command, in whatever spelling.</summary>
    public static bool IsCommand(JsonObject hook) => hook[CommandAction] is not null || hook[OtherNames[CommandAction]] is not null;

    /// <summary>Null if it says something that labels cannot say.</summary>
    public static BackrestPlan? TryRead(JsonElement plan)
    {
        try
        {
            return Read(plan);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or JsonException)
        {
            // Something is of another type than Backrest writes.
            return null;
        }
    }

    private static BackrestPlan? Read(JsonElement plan)
    {
        if (Cron(Find(plan, "schedule")) is not { } cron)
            return null;
        var hooks = Items(Find(plan, "hooks")).Where(hook => Find(hook, CommandAction) is not null).Select(Hook).ToList();
        return new BackrestPlan
        {
            Id = Text(plan, "id"),
            Repo = Text(plan, "repo"),
            Paths = [.. Texts(Find(plan, "paths")).Distinct().Order(StringComparer.Ordinal)],
            Excludes = BackrestPlan.Arranged(Texts(Find(plan, "excludes"))),
            Cron = cron,
            Retention = Find(plan, "retention") is { } retention ? Keep(retention) : null,
            Hooks = hooks,
        };
    }

    private static string? Cron(JsonElement? schedule)
    {
        if (schedule is not { } found || Find(found, "cron") is not { } cron)
            return null;
        var clock = Find(found, "clock") is { } named ? named.GetString() : null;
        return clock is null or "CLOCK_DEFAULT" or "CLOCK_LOCAL" ? cron.GetString() : null;
    }

    private static PlanRetention Keep(JsonElement retention)
    {
        if (Find(retention, "policyKeepAll") is { ValueKind: JsonValueKind.True })
            return PlanRetention.Everything;
        if (Find(retention, "policyKeepLastN") is { } last)
            return PlanRetention.Of(Count(last), 0, 0, 0, 0, 0);
        if (Find(retention, "policyTimeBucketed") is not { } buckets)
            throw new FormatException("A policy of another kind.");
        var counts = Buckets.Select(name => Find(buckets, name) is { } count ? Count(count) : 0).ToList();
        return PlanRetention.Of(counts[5], counts[0], counts[1], counts[2], counts[3], counts[4]);
    }

    private static CommandHook Hook(JsonElement hook)
    {
        var policy = Find(hook, "onError") is { } onError ? onError.GetString() : null;
        return new CommandHook(
            [.. Items(Find(hook, "conditions")).Select(Text)],
            Find(hook, CommandAction) is { } action ? Text(action, "command") : "",
            policy == CommandHook.Ignore ? null : policy);
    }

    /// <summary>A number may be written as a text, and a whole one with a point.</summary>
    private static int Count(JsonElement count) =>
        count.TryGetNumber(out var number) && number == (int)number ? (int)number : throw new FormatException("No whole number.");

    private static IEnumerable<string> Texts(JsonElement? list) => Items(list).Select(Text);

    private static string Text(JsonElement parent, string name) => Find(parent, name) is { } text ? Text(text) : "";

    private static string Text(JsonElement text) => text.GetString() ?? "";

    private static JsonElement.ArrayEnumerator Items(JsonElement? list) => list is { } found ? found.EnumerateArray() : default;

    /// <summary>Null counts as not written.</summary>
    private static JsonElement? Find(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
            throw new FormatException("No object.");
        return parent.TryFind(out var value, name, OtherNames.GetValueOrDefault(name, name)) ? value : null;
    }
}
