using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Processes;

namespace BackupSidecar.Planning;

/// <summary>
/// Decides from the settings alone what a backup run will do: which sources there are, what they are called in the archive,
/// and what of the directories is our own and stays out. The same settings always give the same plan.
/// </summary>
internal static class BackupPlanner
{
    /// <summary>In place of a database's name: all of the server's.</summary>
    private const string AllDatabases = "*";

    private const string Wildcards = "*?";

    /// <summary>The plan; with faults, it holds what could be planned and must not be run.</summary>
    public static (BackupPlan Plan, IReadOnlyList<ConfigurationFault> Faults) Plan(Settings settings)
    {
        var faults = new List<ConfigurationFault>();
        var sources = Postgres(settings.Sources, faults)
            .Concat(Mysql(settings.Sources, faults))
            .Concat(Mongodb(settings.Sources, faults))
            .Concat(Redis(settings.Sources, faults))
            .Concat(Sqlite(settings.Sources, faults))
            .Concat(Directories(settings, faults))
            .Concat(settings.Sources.Files.Select(entry => new FileSourcePlan(entry.Name, entry.Path) { Naming = Naming(entry.IsNamed) }))
            .ToList();
        var names = EntryNames.Unique(sources.Select(source => source.EntryName).ToList());
        var shared = sources.CountBy(source => (source.Kind, source.EntryName)).Where(name => name.Value > 1).Select(name => name.Key).ToHashSet();
        var plan = new BackupPlan
        {
            Name = settings.Name,
            Sources = sources.Select((source, i) => source with
            {
                EntryName = names[i],
                Naming = shared.Contains((source.Kind, source.EntryName)) ? EntryNaming.Shared : source.Naming,
            }).ToList(),
            ArchiveExtension = Extension(settings.Archive),
        };
        return (plan, faults);
    }

    /// <summary>Where we write: what a directory holds of it is not backed up.</summary>
    public static IReadOnlyList<string> OwnFolders(Settings settings)
    {
        string?[] folders = [settings.Local?.Path, settings.Paths.Staging, settings.Paths.State];
        return folders.OfType<string>().Distinct().ToList();
    }

    private static IEnumerable<SourcePlan> Postgres(SourceSettings settings, List<ConfigurationFault> faults)
    {
        foreach (var (i, entry) in settings.Postgres.Index())
        {
            if (!PostgresUri.TryParse(entry.Uri.Reveal(), out var uri, out var problem))
            {
                faults.Add(Fault(SettingTable.Postgres, i, problem));
                continue;
            }

            var database = uri.Database.Length > 0 ? uri.Database : "postgres";
            yield return database == AllDatabases
                ? new DatabaseServerPlan(SourceKind.Postgres, $"postgres-{entry.Options.Name ?? "all"}", entry.Uri, uri.WithDatabase("").Display + AllDatabases) { Options = entry.Options, Naming = Naming(entry.Options.Name is not null) }
                : Database(SourceKind.Postgres, database, "dump", entry, uri.Display);
        }
    }

    private static IEnumerable<SourcePlan> Mysql(SourceSettings settings, List<ConfigurationFault> faults)
    {
        foreach (var (i, entry) in settings.Mysql.Index())
        {
            if (MysqlUri.TryParse(entry.Uri.Reveal(), out var uri, out var problem))
                yield return Database(SourceKind.Mysql, uri.Database.Length > 0 ? uri.Database : "all", "sql", entry, uri.Display);
            else
                faults.Add(Fault(SettingTable.Mysql, i, problem));
        }
    }

    private static IEnumerable<SourcePlan> Mongodb(SourceSettings settings, List<ConfigurationFault> faults)
    {
        foreach (var (i, entry) in settings.Mongodb.Index())
        {
            if (MongodbUri.TryParse(entry.Uri.Reveal(), out var uri, out var problem))
                yield return Database(SourceKind.Mongodb, uri.Database.Length > 0 ? uri.Database : "all", "archive", entry, uri.Display);
            else
                faults.Add(Fault(SettingTable.Mongodb, i, problem));
        }
    }

    private static IEnumerable<SourcePlan> Redis(SourceSettings settings, List<ConfigurationFault> faults)
    {
        foreach (var (i, entry) in settings.Redis.Index())
        {
            if (RedisUri.TryParse(entry.Uri.Reveal(), out var uri, out var problem))
                yield return Database(SourceKind.Redis, uri.Host.TrimStart('/'), "rdb", entry, uri.Display);
            else
                faults.Add(Fault(SettingTable.Redis, i, problem));
        }
    }

    private static IEnumerable<SourcePlan> Sqlite(SourceSettings settings, List<ConfigurationFault> faults)
    {
        foreach (var (i, entry) in settings.Sqlite.Index())
        {
            var name = entry.Path[(entry.Path.LastIndexOf('/') + 1)..];
            if (entry.Path.AsSpan().IndexOfAny(Wildcards) < 0)
                yield return new SqliteSourcePlan($"sqlite-{entry.Name}.db", entry.Path) { Naming = Naming(entry.IsNamed) };
            else if (entry.Path.AsSpan(0, entry.Path.Length - name.Length).IndexOfAny(Wildcards) >= 0)
                faults.Add(Fault(SettingTable.Sqlite, i, "'*' and '?' may stand in the name of the file only, not in that of a folder."));
            else if (entry.Name != name)
                faults.Add(Fault(SettingTable.Sqlite, i, "a pattern may fit several files, which keep their own names: leave ':name' away."));
            else
                yield return new SqlitePatternPlan($"sqlite-{EntryNames.Safe(name)}", entry.Path);
        }
    }

    private static DatabaseSourcePlan Database(string kind, string database, string extension, DatabaseUri entry, string origin) =>
        new(kind, $"{kind}-{entry.Options.Name ?? EntryNames.Safe(database)}.{extension}", database, entry.Uri, origin) { Options = entry.Options, Naming = Naming(entry.Options.Name is not null) };

    private static EntryNaming Naming(bool isGiven) => isGiven ? EntryNaming.Given : EntryNaming.OfPlace;

    private static ConfigurationFault Fault(Setting setting, int index, string problem) =>
        new(setting.Name, $"entry {index + 1}: {problem}", setting.Example);

    private static IEnumerable<SourcePlan> Directories(Settings settings, List<ConfigurationFault> faults)
    {
        var own = OwnFolders(settings);
        var archives = settings.Local is { } local ? $"{local.Path.TrimEnd('/')}/{settings.Name}" : null;
        foreach (var entry in settings.Sources.Directories)
        {
            if (own.Contains(entry.Path) || (archives is not null && Containment.IsWithin(entry.Path, archives)))
            {
                faults.Add(new ConfigurationFault(
                    SettingTable.Directories.Name,
                    $"{Shown.Quote(entry.Path)} is where backups themselves are written. Back up another directory, or change "
                    + $"{SettingTable.LocalPath.Name}, {SettingTable.StagingDirectory.Name} or {SettingTable.StateDirectory.Name}."));
            }

            yield return new DirectorySourcePlan(entry.Name, entry.Path)
            {
                Naming = Naming(entry.IsNamed),
                Excluded = own.Where(folder => Containment.IsWithin(folder, entry.Path)).ToList(),
            };
        }
    }

    private static string Extension(ArchiveSettings settings)
    {
        var compression = settings.Compression switch { Compression.Gzip => ".gz", Compression.Zstd => ".zst", _ => "" };
        return $".tar{compression}{(settings.IsEncrypted ? ".gpg" : "")}";
    }
}
