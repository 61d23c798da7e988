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
            source.Kind, source.Entry, source.Entry, source.Kind == SourceKind.Directory ? ArchivedForm.Tree : ArchivedForm.File, source)
        {
            IsOnlyKnownAsStored = manifest.Container is not null && source.Sha256 is null,
        })];
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
        var match = new SourceMatch(contents, current);
        var matches = options.ToDirectory is null ? match.Make() : contents.ToDictionary(source => source, _ => (SourcePlan?)null);
        var steps = new List<RestoreStep>();
        var skipped = new List<SkippedSource>();
        foreach (var source in contents.Where(source => IsWanted(source, options.Only)))
        {
            var isConfigured = matches.TryGetValue(source, out var target);
            if (source.Manifest?.State == SourceState.Failed)
                skipped.Add(new SkippedSource(source.Kind, source.Entry, $"it failed in that backup ({source.Manifest.Problem ?? "no reason was noted"})", isConfigured));
            else if (!isConfigured)
                skipped.Add(new SkippedSource(source.Kind, source.Entry, match.WhyNone(source), IsLoss: false));
            else
                steps.Add(new RestoreStep(source, target));
        }
        if (options is { ToDirectory: null, Only.Count: 0 })
            skipped.AddRange(match.Missing());
        if (steps.Count == 0)
            throw new RestoreException(NothingToDo(archive, skipped));
        if (options.DatabaseAs is not null)
            CheckRenaming(steps, options);

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

    private static void CheckRenaming(List<RestoreStep> steps, RestoreOptions options)
    {
        if (options.ToDirectory is not null || steps is not [{ Source.Form: ArchivedForm.File, Target: DatabaseSourcePlan or SqliteSourcePlan }])
            throw new RestoreException("--database-as restores one database under another name: name it with --only, and leave --to away.");
        if (steps[0].Target is DatabaseSourcePlan { Kind: SourceKind.Redis } redis)
            throw new RestoreException($"The databases of {redis.Origin} have numbers and no names: there is no other one to restore into (--database-as).");
        if (steps[0].Target is DatabaseSourcePlan { IsGlobals: true } globals)
            throw new RestoreException($"Roles and tablespaces belong to the server {globals.Origin}: there is no database to restore under another name (--database-as).");
    }

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
