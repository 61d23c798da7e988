using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Reports.Drills;

namespace BackupSidecar.Runs.Drills;

/// <summary>A statement of the operator's, and the source that it is about.</summary>
internal sealed record DrillAssertion(string Name, string Sql, ArchivedSource Source, TimeSpan Limit)
{
    private const int MostShown = 120;

    /// <summary>The statement in one line, for messages; only the beginning of a long one.</summary>
    public string Shown
    {
        get
        {
            var line = string.Join(' ', Sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return line.Length <= MostShown ? line : line[..MostShown] + "…";
        }
    }
}

/// <summary>
/// What the operator says must be true of what is restored: BACKUP_DRILL_SQL, and the files below the folder for drills that is called
/// as the source is. Each row's first column must be true.
/// </summary>
internal static class DrillAssertions
{
    private static readonly string[] Kinds = [SourceKind.Postgres, SourceKind.Mysql, SourceKind.Sqlite];
    private static readonly string[] True = ["t", "true", "1"];

    /// <summary>All of them, each with its source.</summary>
    /// <exception cref="RestoreException">One names no source of this backup, or one of several.</exception>
    public static IReadOnlyList<DrillAssertion> For(DrillSettings settings, IReadOnlyList<ArchivedSource> contents)
    {
        var databases = contents.Where(source => Kinds.Contains(source.Kind) && !source.IsGlobals).ToList();
        return
        [
            .. settings.Assertions.Select(each => new DrillAssertion(each.Variable, each.Sql, Source(each.Variable, each.Source, databases), settings.Timeout)),
            .. Folders(settings.Directory).SelectMany(folder => Directory.EnumerateFiles(folder, "*.sql").Order(StringComparer.Ordinal)
                .Select(file => new DrillAssertion(file, File.ReadAllText(file), Source(file, Path.GetFileName(folder), databases), settings.Timeout))),
        ];
    }

    /// <summary>Asks the restored database. What it says of a statement that fails may be the statement's fault as well.</summary>
    /// <exception cref="DatabaseException">The statement cannot be run.</exception>
    public static async Task<CheckedAssertion> CheckAsync(DrillAssertion assertion, Func<string, CancellationToken, Task<IReadOnlyList<string>>> ask, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(assertion.Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var rows = await ask(assertion.Sql, either.Token);
            return new CheckedAssertion(assertion.Name, rows.Count == 0 ? $"it gives no row ({assertion.Shown})" : rows.All(IsTrue) ? null : $"it is not true ({assertion.Shown})");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new DatabaseException($"{assertion.Name} cannot be run: it was not done after {ReportText.Time(assertion.Limit)} (BACKUP_DRILL_TIMEOUT): {assertion.Shown}");
        }
        catch (DatabaseException error)
        {
            throw new DatabaseException($"{assertion.Name} cannot be run: {error.Message.Split('\n')[0]}", error);
        }
    }

    private static bool IsTrue(string value) => True.Contains(value.Trim(), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> Folders(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal) : [];

    private static ArchivedSource Source(string assertion, string? name, List<ArchivedSource> databases)
    {
        var meant = databases.FindAll(source => name is null || name == source.Entry || name == source.ShortName || name == source.Manifest?.Database);
        var known = databases.Count == 0 ? "This backup has no database that takes SQL." : $"This backup has: {string.Join(", ", databases.Select(source => source.Entry))}.";
        return (meant.Count, name) switch
        {
            (1, _) => meant[0],
            (0, _) => throw new RestoreException($"{assertion} is about {(name is null ? "a database" : $"'{name}'")}. {known}"),
            (_, null) => throw new RestoreException($"{assertion} does not say which database it is about. {known} Write for example \"{databases[0].ShortName}: select …\"."),
            _ => throw new RestoreException($"{assertion} is about '{name}', which several have. {known} Name the entry in full."),
        };
    }
}
