using System.Globalization;

namespace BackupSidecar.Discovery;

/// <summary>
/// What the <c>backrest.*</c> labels of a container say, word for word: whether it can be done is for others to judge. Blank
/// labels count as not written.
/// </summary>
internal sealed record BackrestLabels
{
    /// <summary>Asks for a plan; only the value "true" does.</summary>
    public const string Enable = Prefix + "enable";

    public const string RepoLabel = Prefix + "repo";
    public const string ScheduleLabel = Prefix + "schedule";
    public const string IncludeLabel = Prefix + "paths.include";
    public const string ExcludeLabel = Prefix + "paths.exclude";
    public const string KeepLabel = Prefix + "keep";
    public const string StartLabel = Prefix + "snapshot-start";
    public const string EndLabel = Prefix + "snapshot-end";
    public const string TemplateLabel = Prefix + "hooks.template";
    public const string QuiesceLabel = Prefix + "quiesce";

    private const string Prefix = "backrest.";

    private static readonly string[] Known =
        [Enable, RepoLabel, ScheduleLabel, IncludeLabel, ExcludeLabel, KeepLabel, StartLabel, EndLabel, TemplateLabel, QuiesceLabel];

    public string? Repo { get; init; }

    public string? Schedule { get; init; }

    /// <summary>Paths as the container sees them.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Paths as the container sees them, or patterns.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    public string? Keep { get; init; }

    /// <summary>Commands, in the order of the label, then of the numbers of <c>backrest.snapshot-start.1</c>, <c>….2</c>.</summary>
    public IReadOnlyList<string> SnapshotStart { get; init; } = [];

    public IReadOnlyList<string> SnapshotEnd { get; init; } = [];

    public string? HooksTemplate { get; init; }

    /// <summary>The first label with a NUL in it, which neither a path nor a command can have; null if there is none.</summary>
    public string? WithNul { get; init; }

    /// <summary>Labels that begin like ours and mean nothing.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>All names, for whoever looks for the one that was meant.</summary>
    public static IReadOnlyList<string> Names => Known;

    public static bool IsEnabled(IReadOnlyDictionary<string, string>? labels) => labels?.GetValueOrDefault(Enable) == "true";

    /// <summary>Whether somebody who wrote this may think that it asks for a plan.</summary>
    public static bool LooksEnabled(IReadOnlyDictionary<string, string>? labels) =>
        labels?.GetValueOrDefault(Enable)?.Trim().ToLowerInvariant() is "true" or "1" or "yes" or "on" or "t" or "y" && !IsEnabled(labels);

    public static BackrestLabels Read(IReadOnlyDictionary<string, string> labels) => new()
    {
        Repo = Text(labels, RepoLabel),
        Schedule = Text(labels, ScheduleLabel),
        Include = List(labels, IncludeLabel),
        Exclude = List(labels, ExcludeLabel),
        Keep = Text(labels, KeepLabel),
        SnapshotStart = Commands(labels, StartLabel),
        SnapshotEnd = Commands(labels, EndLabel),
        HooksTemplate = Text(labels, TemplateLabel),
        WithNul = labels.Where(label => label.Key.StartsWith(Prefix, StringComparison.Ordinal) && label.Value.Contains('\0', StringComparison.Ordinal))
            .Select(label => label.Key).Order(StringComparer.Ordinal).FirstOrDefault(),
        Unknown = [.. labels.Keys.Where(IsUnknown).Order(StringComparer.Ordinal)],
    };

    /// <summary>Commas separate; blanks around them, and empty entries, do not count.</summary>
    public static IReadOnlyList<string> Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Text(IReadOnlyDictionary<string, string> labels, string key) =>
        labels.TryGetValue(key, out var text) && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private static IReadOnlyList<string> List(IReadOnlyDictionary<string, string> labels, string key) => Split(Text(labels, key) ?? "");

    /// <summary>A command with a comma in it cannot stand in a list, so each may have a label of its own, with a number.</summary>
    private static IReadOnlyList<string> Commands(IReadOnlyDictionary<string, string> labels, string key) =>
    [
        .. List(labels, key),
        .. labels.Keys.Select(label => (Label: label, Number: NumberOf(label, key))).Where(numbered => numbered.Number is not null)
            .OrderBy(numbered => numbered.Number).ThenBy(numbered => numbered.Label, StringComparer.Ordinal)
            .Select(numbered => Text(labels, numbered.Label)).OfType<string>(),
    ];

    private static bool IsUnknown(string label) =>
        label.StartsWith(Prefix, StringComparison.Ordinal)
        && !Known.Contains(label)
        && NumberOf(label, StartLabel) is null
        && NumberOf(label, EndLabel) is null;

    private static int? NumberOf(string label, string key) =>
        label.Length > key.Length + 1 && label.StartsWith(key, StringComparison.Ordinal) && label[key.Length] == '.'
        && int.TryParse(label.AsSpan(key.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
