using System.Text.Json;

namespace BackupSidecar.Tests.Backrest;

/// <summary>
/// Backrest's published schema of a plan (config.proto), written down a second time and apart from the program: every member has a
/// known name, a value of its type, and, of those that exclude each other, one at most.
/// </summary>
internal static class PublishedSchema
{
    private static readonly string[] Conditions =
    [
        "CONDITION_ANY_ERROR", "CONDITION_SNAPSHOT_START", "CONDITION_SNAPSHOT_END", "CONDITION_SNAPSHOT_ERROR", "CONDITION_SNAPSHOT_WARNING",
        "CONDITION_SNAPSHOT_SUCCESS",
    ];

    private static readonly string[] OnErrors = ["ON_ERROR_IGNORE", "ON_ERROR_CANCEL", "ON_ERROR_FATAL"];

    private static readonly Type Text = value => value.ValueKind == JsonValueKind.String;

    private static readonly Type Count = value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _);

    private static readonly Type True = value => value.ValueKind == JsonValueKind.True;

    private static readonly Type Buckets = value => Message(
        value, [], ("hourly", Count), ("daily", Count), ("weekly", Count), ("monthly", Count), ("yearly", Count), ("keepLastN", Count));

    private static readonly Type Retention = value => Message(
        value, ["policyKeepLastN", "policyTimeBucketed", "policyKeepAll"], ("policyKeepLastN", Count), ("policyTimeBucketed", Buckets), ("policyKeepAll", True));

    private static readonly Type Schedule = value => Message(
        value, ["disabled", "cron", "maxFrequencyDays", "maxFrequencyHours"],
        ("disabled", True), ("cron", Text), ("maxFrequencyDays", Count), ("maxFrequencyHours", Count), ("clock", OneOf("CLOCK_DEFAULT", "CLOCK_LOCAL", "CLOCK_UTC", "CLOCK_LAST_RUN_TIME")));

    private static readonly Type Hook = value => Message(
        value, ["actionCommand"], ("conditions", List(OneOf(Conditions))), ("onError", OneOf(OnErrors)), ("actionCommand", command => Message(command, [], ("command", Text))));

    private delegate bool Type(JsonElement value);

    /// <summary>Whether a strict reader takes it for a plan.</summary>
    public static bool Takes(JsonElement plan) => Message(
        plan, [], ("id", Text), ("repo", Text), ("paths", List(Text)), ("excludes", List(Text)), ("iexcludes", List(Text)), ("schedule", Schedule),
        ("retention", Retention), ("hooks", List(Hook)), ("backup_flags", List(Text)), ("skipIfUnchanged", True));

    private static bool Message(JsonElement value, string[] alternatives, params (string Name, Type Type)[] members) =>
        value.ValueKind == JsonValueKind.Object
        && value.EnumerateObject().All(member => Array.Exists(members, known => known.Name == member.Name && known.Type(member.Value)))
        && value.EnumerateObject().Count(member => alternatives.Contains(member.Name)) <= 1;

    private static Type List(Type item) => value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => item(one));

    private static Type OneOf(params string[] names) => value => Text(value) && names.Contains(value.GetString());
}
