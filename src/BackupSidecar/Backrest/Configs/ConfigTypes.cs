using System.Text.Json;

namespace BackupSidecar.Backrest.Configs;

/// <summary>
/// The types of what Backrest reads: a value of another one, and it does not start. Null is the same as nothing, a whole number may be
/// written as a text, and what nobody knows is not judged.
/// </summary>
internal static class ConfigTypes
{
    private static readonly Type Text = Plain("a text", value => value.GetText() is not null);
    private static readonly Type Flag = Plain("true or false", value => value.ValueKind is JsonValueKind.True or JsonValueKind.False);
    private static readonly Type Number = Plain("a number", value => value.TryGetNumber(out _));
    private static readonly Type Count = Plain("a whole number", value => value.TryGetNumber(out var number) && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue);
    private static readonly Type Bytes = Plain("a whole number", value => value.TryGetNumber(out var number) && number == Math.Floor(number) && Math.Abs(number) <= long.MaxValue);
    // Which names there are changes with Backrest.
    private static readonly Type Choice = Plain("a name or a number", value => value.GetText() is not null || value.ValueKind == JsonValueKind.Number);

    private static readonly Type Schedule = Message(("disabled", Flag), ("cron", Text), ("maxFrequencyDays", Count), ("maxFrequencyHours", Count), ("clock", Choice));

    private static readonly Type Buckets = Message(("hourly", Count), ("daily", Count), ("weekly", Count), ("monthly", Count), ("yearly", Count), ("keepLastN", Count));

    private static readonly Type Hook = Message(
        ("conditions", List(Choice)), ("onError", Choice), ("actionCommand", Message(("command", Text))), ("actionWebhook", Message()), ("actionDiscord", Message()),
        ("actionGotify", Message()), ("actionSlack", Message()), ("actionShoutrrr", Message()), ("actionHealthchecks", Message()), ("actionTelegram", Message()));

    private static readonly Type Repo = Message(
        ("id", Text), ("uri", Text), ("guid", Text), ("password", Text), ("env", List(Text)), ("flags", List(Text)), ("hooks", List(Hook)), ("autoUnlock", Flag),
        ("autoInitialize", Flag), ("commandPrefix", Message()),
        ("prunePolicy", Message(("schedule", Schedule), ("maxUnusedBytes", Bytes), ("maxUnusedPercent", Number))),
        ("checkPolicy", Message(("schedule", Schedule), ("structureOnly", Flag), ("readDataSubsetPercent", Number))));

    private static readonly Type Plan = Message(
        ("id", Text), ("repo", Text), ("paths", List(Text)), ("excludes", List(Text)), ("iexcludes", List(Text)), ("backupFlags", List(Text)),
        ("skipIfUnchanged", Flag), ("schedule", Schedule), ("hooks", List(Hook)),
        ("retention", Message(("policyKeepLastN", Count), ("policyTimeBucketed", Buckets), ("policyKeepAll", Flag))));

    private static readonly Type Config = Message(
        ("modno", Count), ("version", Count), ("instance", Text), ("repos", List(Repo)), ("plans", List(Plan)),
        ("auth", Message(("disabled", Flag), ("users", List(Message(("name", Text), ("passwordBcrypt", Text)))))), ("sync", Message()));

    /// <summary>What is wrong with a value, as sentences that begin with its place.</summary>
    private delegate IEnumerable<string> Type(JsonElement value, string place);

    /// <summary>Every value of a wrong type, as a sentence for people.</summary>
    public static IEnumerable<string> Check(JsonElement root) => Config(root, "");

    private static Type Plain(string name, Func<JsonElement, bool> isIt) => (value, place) => isIt(value) ? [] : [$"{place} must be {name}."];

    private static Type List(Type item) => (value, place) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().SelectMany((one, index) => item(one, $"{place}[{index}]"))
        : [$"{place} must be a list, in [ ]."];

    /// <summary>A member may have either of its two names: autoUnlock, or auto_unlock.</summary>
    private static Type Message(params (string Name, Type Type)[] members) => (value, place) => value.ValueKind == JsonValueKind.Object
        ? from found in value.EnumerateObject()
          where found.Value.ValueKind != JsonValueKind.Null
          from known in members
          where known.Name == Spelled(found.Name)
          from fault in known.Type(found.Value, place.Length == 0 ? found.Name : $"{place}.{found.Name}")
          select fault
        : [$"{place} must be an object, in {{ }}."];

    private static string Spelled(string name) =>
        string.Concat(name.Split('_').Select((part, index) => index == 0 || part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
