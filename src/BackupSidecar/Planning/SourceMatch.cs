using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Planning;

/// <summary>
/// Which source of an archive is which of the configured ones. The origin comes first: two databases of the same name on two
/// servers get numbered entries, and a changed order in the configuration must not swap them. On a new host origins may
/// differ, and the entry's name ties them together, but for a name that several share and only their order has numbered.
/// </summary>
internal sealed class SourceMatch
{
    private readonly IReadOnlyList<ArchivedSource> _contents;
    private readonly BackupPlan _current;
    private readonly Dictionary<ArchivedSource, SourcePlan?> _matches = [];

    /// <summary>The sources of the archive whose names an order gave, not the operator or their places.</summary>
    private readonly HashSet<ArchivedSource> _shared = [];

    public SourceMatch(IReadOnlyList<ArchivedSource> contents, BackupPlan current)
    {
        (_contents, _current) = (contents, current);
        foreach (var source in contents.Where(source => source.Manifest is { PartOf: null } && !IsOfPlace(source)))
        {
            if (contents.FirstOrDefault(other => other.Entry == EntryNames.WithoutNumber(source.Entry) && IsSameKind(other.Kind, source.Kind)) is { } first)
                _shared.UnionWith([source, first]);
        }
    }

    public IReadOnlyDictionary<ArchivedSource, SourcePlan?> Make()
    {
        Pair((source, plan) => source.Manifest?.Origin == plan.Origin);
        PairParts();
        Pair((source, plan) => source.Entry == plan.EntryName && IsSure(source, plan));
        Pair((source, plan) => IsDatabase(source, plan) && IsOnlyDatabase(source, plan));
        Pair((source, _) => source.Form == ArchivedForm.DumpFolder);
        return _matches;
    }

    /// <summary>Why a source of the archive is none of the configured ones, and what to do.</summary>
    public string WhyNone(ArchivedSource source)
    {
        if (!IsUnsure(source))
            return "it is in the archive, but not configured any more (--to DIR unpacks it)";
        var origin = source.Manifest is { } manifest ? $"it was {manifest.Origin}, which is not configured any more, and " : "";
        return $"{origin}its name does not tell which of several it is now: name its target, as in {Named(source)}, or unpack it with --to DIR";
    }

    /// <summary>What is configured, and gets nothing.</summary>
    public IEnumerable<SkippedSource> Missing()
    {
        var unsure = _contents.Where(source => !_matches.ContainsKey(source) && IsUnsure(source)).ToList();
        foreach (var plan in _current.Sources.Where(plan => !_matches.Values.OfType<SourcePlan>().Any(plan.Covers)))
        {
            var reason = unsure.Exists(source => IsSameKind(source.Kind, plan.Kind))
                ? "it is configured, but nothing tells which source of this backup it is, if any"
                : "it is configured, but not in this backup";
            yield return new SkippedSource(plan.Kind, plan.EntryName, reason, IsLoss: true);
        }
    }

    private void Pair(Func<ArchivedSource, SourcePlan, bool> isSame)
    {
        foreach (var source in _contents.Where(source => !_matches.ContainsKey(source)))
        {
            if (_current.Sources.FirstOrDefault(plan => CanBe(source, plan) && isSame(source, plan) && !_matches.ContainsValue(plan)) is { } found)
                _matches.Add(source, found);
        }
    }

    private void PairParts()
    {
        foreach (var source in _contents.Where(source => !_matches.ContainsKey(source)))
        {
            if (Part(source) is { } part && !_matches.ContainsValue(part))
                _matches.Add(source, part);
        }
    }

    // What failed as a whole may be a whole server, or a pattern of files; else those stand for their parts.
    private static bool CanBe(ArchivedSource source, SourcePlan plan) => IsSameKind(source.Kind, plan.Kind)
        && (plan is not (DatabaseServerPlan or SqlitePatternPlan) || source.Manifest?.State == SourceState.Failed);

    /// <summary>Whether the same name means the same source: the operator says so, or nobody else wanted it, then or now.</summary>
    private bool IsSure(ArchivedSource source, SourcePlan plan) =>
        plan.Naming == EntryNaming.Given || (plan.Naming == EntryNaming.OfPlace && !_shared.Contains(source));

    private bool IsUnsure(ArchivedSource source) => _shared.Contains(source)
        || _current.Sources.Any(plan => CanBe(source, plan) && (source.Entry == plan.EntryName || IsDatabase(source, plan)))
        || _current.Sources.Any(plan => plan is DatabaseServerPlan && plan.Kind == source.Kind && plan.EntryName == source.Manifest?.PartOf && plan.Naming == EntryNaming.Shared);

    private static bool IsDatabase(ArchivedSource source, SourcePlan plan) => plan is DatabaseSourcePlan database
        && (source.ShortName == database.DatabaseName || source.Manifest?.Database == database.DatabaseName);

    private bool IsOnlyDatabase(ArchivedSource source, SourcePlan plan) => !_shared.Contains(source) && plan.Naming != EntryNaming.Shared
        && _contents.Count(other => other.Kind == plan.Kind && IsDatabase(other, plan)) == 1
        && _current.Sources.Count(other => other.Kind == source.Kind && IsDatabase(source, other)) == 1;

    /// <summary>A source that was one of many as what it is of what is configured now; null if it is not of any of that.</summary>
    private SourcePlan? Part(ArchivedSource source)
    {
        if (source is { Kind: SourceKind.Sqlite, Manifest.Origin: { } path } && _current.Sources.OfType<SqlitePatternPlan>().Any(pattern => pattern.Fits(path)))
            return SqlitePatternPlan.Part(path);
        if (source.Manifest is not { PartOf: { } whole } manifest)
            return null;
        var servers = _current.Sources.OfType<DatabaseServerPlan>().Where(server => server.Kind == source.Kind).ToList();
        if (servers.Find(server => IsPart(manifest, server)) is { } same)
            return PartOf(same, manifest);

        // On a new host origins differ. A server that has parts of its own in this archive is not meant by those of another.
        var strangers = servers.Where(server => !_contents.Any(other => other.Manifest is { PartOf: not null } part && IsPart(part, server))).ToList();
        var wholes = _contents.Where(other => other.Kind == source.Kind).Select(other => other.Manifest).OfType<ManifestSource>().Where(part => part.PartOf is not null).ToList();
        var lost = wholes.Where(part => !servers.Exists(server => IsPart(part, server))).Select(part => part.PartOf).Distinct().Count();
        var isOnlyOne = lost == 1 && strangers.Count == 1;
        var meant = strangers.Find(server => server.EntryName == whole && (isOnlyOne || server.Naming == EntryNaming.Given))
            ?? (isOnlyOne && wholes.DistinctBy(part => part.PartOf).Count() == 1 ? strangers[0] : null);
        return meant is null ? null : PartOf(meant, manifest);
    }

    private static bool IsPart(ManifestSource part, DatabaseServerPlan server) => PartOf(server, part).Origin == part.Origin;

    private static DatabaseSourcePlan PartOf(DatabaseServerPlan server, ManifestSource part) =>
        part.Database is null ? server.Globals : server.Part(part.Database);

    /// <summary>Whether the entry is called as its place is, so that its number, if it has one, is not ours.</summary>
    private static bool IsOfPlace(ArchivedSource source)
    {
        var manifest = source.Manifest!; // The caller has one.
        var file = manifest.Origin[(manifest.Origin.LastIndexOf('/') + 1)..];
        return source.Kind is SourceKind.Directory or SourceKind.File or SourceKind.Sqlite
            ? source.Entry == file || source.Entry == $"{SourceKind.Sqlite}-{file}.db"
            : manifest.Database is { } database && source.ShortName == EntryNames.Safe(database);
    }

    private static string Named(ArchivedSource source) => source.Kind switch
    {
        SourceKind.Directory => $"{SettingTable.Directories.Name}=/path:{source.Entry}",
        SourceKind.File => $"{SettingTable.Files.Name}=/path:{source.Entry}",
        SourceKind.Sqlite => $"{SettingTable.Sqlite.Name}=/path:{source.ShortName}",
        _ => $"{source.Kind}://HOST/?{DatabaseUriText.Name}={source.Manifest?.PartOf?.Replace(source.Kind + "-", "", StringComparison.Ordinal) ?? source.ShortName}",
    };

    // A file that was a SQLite database when it was backed up may stand under either kind.
    private static bool IsSameKind(string one, string other) =>
        one == other || (one is SourceKind.File or SourceKind.Sqlite && other is SourceKind.File or SourceKind.Sqlite);
}
