using BackupSidecar.Archives;

namespace BackupSidecar.Planning;

/// <summary>Decides which source of an archive goes where, from what the archive holds, what is configured now, and what is wanted.</summary>
internal static class RestorePlanner
{
    private const string LegacyDirectorySuffix = ".tar.gz";
    private const string LegacyMongoFolder = "mongodb-dump";

    /// <summary>What an archive holds according to its manifest.</summary>
    /// <exception cref="BackupRefusedException">An entry has a name that would lead out of the folder that it is unpacked into, or that another one has.</exception>
    public static IReadOnlyList<ArchivedSource> Contents(Manifest manifest)
    {
        if (manifest.Sources.Any(source => source.Entry is "" or "." or ".." || source.Entry.AsSpan().ContainsAny('/', '\0')))
            throw new BackupRefusedException($"The manifest of {manifest.Archive} names an entry that no backup has.");
        if (manifest.Sources.DistinctBy(source => source.Entry).Count() < manifest.Sources.Count)
            throw new BackupRefusedException($"The manifest of {manifest.Archive} names an entry twice.");
        return [.. manifest.Sources.Select(source => new ArchivedSource(
            source.Kind, source.Entry, source.Entry, source.Kind == SourceKind.Directory ? ArchivedForm.Tree : ArchivedForm.File, source))];
    }

    /// <summary>
    /// What an archive of docker-backup-sidecar holds, from the names at its root. A name means what the current plan says
    /// it means; else its form decides.
    /// </summary>
    public static IReadOnlyList<ArchivedSource> LegacyContents(IEnumerable<string> rootNames, BackupPlan current)
    {
        var files = current.Sources.Where(source => source is FileSourcePlan or SqliteSourcePlan).Select(source => source.EntryName).ToHashSet();
        return [.. rootNames.Select(name => files.Contains(name) ? LegacyFile(name) : Legacy(name))];
    }

    /// <exception cref="RestoreException">Nothing can be restored, or a name of <see cref="RestoreOptions.Only"/> is unknown.</exception>
    public static RestorePlan Plan(string archive, IReadOnlyList<ArchivedSource> contents, BackupPlan current, RestoreOptions options)
    {
        CheckNames(contents, current, options.Only);
        var matches = options.ToDirectory is null ? Match(contents, current) : contents.ToDictionary(source => source, _ => (SourcePlan?)null);
        var steps = new List<RestoreStep>();
        var skipped = new List<SkippedSource>();
        foreach (var source in contents.Where(source => IsWanted(source, options.Only)))
        {
            var isConfigured = matches.TryGetValue(source, out var target);
            if (source.Manifest?.State == SourceState.Failed)
                skipped.Add(new SkippedSource(source.Kind, source.Entry, $"it failed in that backup ({source.Manifest.Problem ?? "no reason was noted"})", isConfigured));
            else if (!isConfigured)
                skipped.Add(new SkippedSource(source.Kind, source.Entry, "it is in the archive, but not configured any more (--to DIR unpacks it)", IsLoss: false));
            else
                steps.Add(new RestoreStep(source, target));
        }
        if (options is { ToDirectory: null, Only.Count: 0 })
            skipped.AddRange(Missing(current, matches.Values));
        if (steps.Count == 0)
            throw new RestoreException(NothingToDo(archive, skipped));
        if (options.DatabaseAs is not null && (options.ToDirectory is not null || steps is not [{ Source.Form: ArchivedForm.File, Target: DatabaseSourcePlan or SqliteSourcePlan }]))
            throw new RestoreException("--database-as restores one database under another name: name it with --only, and leave --to away.");

        return new RestorePlan
        {
            Archive = archive,
            // Of directories inside each other the outer comes first, and would undo the inner otherwise.
            Steps = [.. steps.OrderBy(Rank).ThenBy(step => step.Target is DirectorySourcePlan directory ? directory.Path.Length : 0)],
            Skipped = skipped,
            ToDirectory = options.ToDirectory,
            Merge = options.Merge,
            DatabaseAs = options.DatabaseAs,
        };
    }

    // The origin comes first: two databases of the same name on two servers get numbered entries, and a changed order in the
    // configuration must not swap them. On a new host origins may differ, and the entry's name ties them together.
    private static Dictionary<ArchivedSource, SourcePlan?> Match(IReadOnlyList<ArchivedSource> contents, BackupPlan current)
    {
        var matches = new Dictionary<ArchivedSource, SourcePlan?>();
        Pair((source, plan) => source.Manifest?.Origin == plan.Origin);
        PairParts();
        Pair((source, plan) => source.Entry == plan.EntryName);
        Pair((source, plan) => plan is DatabaseSourcePlan database && (source.ShortName == database.DatabaseName || source.Manifest?.Database == database.DatabaseName));
        Pair((source, _) => source.Form == ArchivedForm.DumpFolder);
        return matches;

        void Pair(Func<ArchivedSource, SourcePlan, bool> isSame)
        {
            foreach (var source in contents.Where(source => !matches.ContainsKey(source)))
            {
                var plan = current.Sources.FirstOrDefault(plan =>
                    IsSameKind(source.Kind, plan.Kind) && CanBe(source, plan) && isSame(source, plan) && !matches.ContainsValue(plan));
                if (plan is not null)
                    matches.Add(source, plan);
            }
        }

        void PairParts()
        {
            foreach (var source in contents.Where(source => !matches.ContainsKey(source)))
            {
                if (Part(source, contents, current) is { } part && !matches.ContainsValue(part))
                    matches.Add(source, part);
            }
        }
    }

    // What failed as a whole may be a whole server, or a pattern of files; else those stand for their parts.
    private static bool CanBe(ArchivedSource source, SourcePlan plan) =>
        plan is not (DatabaseServerPlan or SqlitePatternPlan) || source.Manifest?.State == SourceState.Failed;

    /// <summary>A source that was one of many as what it is of what is configured now; null if it is not of any of that.</summary>
    private static SourcePlan? Part(ArchivedSource source, IReadOnlyList<ArchivedSource> contents, BackupPlan current)
    {
        if (source is { Kind: SourceKind.Sqlite, Manifest.Origin: { } path } && current.Sources.OfType<SqlitePatternPlan>().Any(pattern => pattern.Fits(path)))
            return SqlitePatternPlan.Part(path);
        if (source.Manifest is not { PartOf: { } whole } manifest)
            return null;
        var servers = current.Sources.OfType<DatabaseServerPlan>().Where(server => server.Kind == source.Kind).ToList();
        if (servers.Find(server => PartOf(server, manifest).Origin == manifest.Origin) is { } same)
            return PartOf(same, manifest);

        // On a new host origins differ. A server that has parts of its own in this archive is not meant by those of another.
        var strangers = servers.Where(server => !contents.Any(other => other.Manifest is { PartOf: not null } part && PartOf(server, part).Origin == part.Origin)).ToList();
        var wholes = contents.Where(other => other.Kind == source.Kind).Select(other => other.Manifest?.PartOf).OfType<string>().Distinct().Count();
        var meant = strangers.Find(server => server.EntryName == whole) ?? (strangers is [var only] && wholes == 1 ? only : null);
        return meant is null ? null : PartOf(meant, manifest);
    }

    private static DatabaseSourcePlan PartOf(DatabaseServerPlan server, ManifestSource part) =>
        part.Database is null ? server.Globals : server.Part(part.Database);

    // A file that was a SQLite database when it was backed up may stand under either kind.
    private static bool IsSameKind(string one, string other) =>
        one == other || (one is SourceKind.File or SourceKind.Sqlite && other is SourceKind.File or SourceKind.Sqlite);

    private static IEnumerable<SkippedSource> Missing(BackupPlan current, IEnumerable<SourcePlan?> matched) =>
        current.Sources.Where(plan => !matched.OfType<SourcePlan>().Any(plan.Covers))
            .Select(plan => new SkippedSource(plan.Kind, plan.EntryName, "it is configured, but not in this backup", IsLoss: true));

    private static void CheckNames(IReadOnlyList<ArchivedSource> contents, BackupPlan current, IReadOnlyList<string> only)
    {
        var unknown = only.Where(name => !contents.Any(source => IsNamed(source, name))).ToList();
        if (unknown.Count == 0)
            return;
        var absent = current.Sources.Where(plan => unknown.Contains(plan.EntryName)).Select(plan => plan.EntryName).ToList();
        throw new RestoreException(
            $"This backup has no source called {Quote(unknown)}."
            + (absent.Count > 0 ? $" ({Quote(absent)} is configured, but was not backed up then.)" : "")
            + $" It has: {string.Join(", ", contents.Select(source => source.Entry))}.");
    }

    private static bool IsWanted(ArchivedSource source, IReadOnlyList<string> only) =>
        only.Count == 0 || only.Any(name => IsNamed(source, name));

    private static bool IsNamed(ArchivedSource source, string name) =>
        name == source.Entry || name == source.ShortName || name == source.Kind || name == source.Manifest?.Database || name == source.Manifest?.PartOf;

    private static int Rank(RestoreStep step) => step.Source.Kind switch
    {
        SourceKind.Sqlite or SourceKind.File => 2,
        SourceKind.Directory => 1,
        _ => step.Source.IsGlobals ? -1 : 0,
    };

    private static ArchivedSource Legacy(string name)
    {
        if (name == LegacyMongoFolder)
            return new ArchivedSource(SourceKind.Mongodb, name, name, ArchivedForm.DumpFolder, Manifest: null);
        if (name.StartsWith("postgres-", StringComparison.Ordinal) && name.EndsWith(".dump", StringComparison.Ordinal))
            return new ArchivedSource(SourceKind.Postgres, name, name, ArchivedForm.File, Manifest: null);
        return name.EndsWith(LegacyDirectorySuffix, StringComparison.Ordinal) && name.Length > LegacyDirectorySuffix.Length
            ? new ArchivedSource(SourceKind.Directory, name[..^LegacyDirectorySuffix.Length], name, ArchivedForm.NestedTree, Manifest: null)
            : LegacyFile(name);
    }

    private static ArchivedSource LegacyFile(string name) => new(SourceKind.File, name, name, ArchivedForm.File, Manifest: null);

    private static string NothingToDo(string archive, List<SkippedSource> skipped) =>
        $"Nothing of {archive} can be restored: "
        + (skipped.Count == 0 ? "it holds no source." : string.Join("; ", skipped.Select(source => $"{source.Name}: {source.Reason}")) + ".");

    private static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
