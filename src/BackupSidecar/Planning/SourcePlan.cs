using System.IO.Enumeration;
using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Planning;

/// <summary>The kinds of source, by the words that manifests and listings use.</summary>
internal static class SourceKind
{
    public const string Postgres = "postgres";
    public const string Mysql = "mysql";
    public const string Mongodb = "mongodb";
    public const string Redis = "redis";
    public const string Sqlite = "sqlite";
    public const string Directory = "directory";
    public const string File = "file";
}

/// <summary>How an entry came by its name, which says how far the name can be trusted to mean the same thing in another configuration.</summary>
internal enum EntryNaming
{
    /// <summary>By the name of its place alone.</summary>
    OfPlace,

    /// <summary>By the operator's word.</summary>
    Given,

    /// <summary>Several wanted the name, and their order decided who has it and who has a number.</summary>
    Shared,
}

/// <summary>
/// One thing to back up, and the name of its entry at the root of the archive. The entry name is unique within a plan and
/// is what ties a source of a later configuration to what an archive holds.
/// </summary>
internal abstract record SourcePlan(string Kind, string EntryName)
{
    /// <summary>Where the bytes come from, for people; never with a password.</summary>
    public abstract string Origin { get; }

    public EntryNaming Naming { get; init; }

    /// <summary>Whether another plan is this one, or a part of it.</summary>
    public virtual bool Covers(SourcePlan other) => Equals(other);
}

/// <summary>A database server's dump.</summary>
internal sealed record DatabaseSourcePlan(string Kind, string EntryName, string DatabaseName, Secret Uri, string Origin)
    : SourcePlan(Kind, EntryName)
{
    public override string Origin { get; } = Origin;

    /// <summary>What the operator said of this database in its URI.</summary>
    public DatabaseOptions Options { get; init; } = new();

    /// <summary>The entry name of the <see cref="DatabaseServerPlan"/> that this is one database of; null where it was named itself.</summary>
    public string? PartOf { get; init; }

    /// <summary>Whether its dump alone is the backup, so that it goes where that is made at once and does not wait in staging.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Whether it is no database, but what belongs to its server as a whole: roles and the like.</summary>
    public bool IsGlobals { get; init; }

    /// <summary>The host names in its URI.</summary>
    public IEnumerable<string> Hosts => Kind switch
    {
        SourceKind.Postgres when PostgresUri.TryParse(Uri.Reveal(), out var uri, out _) => uri.Hosts.Select(server => server.Host),
        SourceKind.Mongodb when MongodbUri.TryParse(Uri.Reveal(), out var uri, out _) => uri.Hosts.Select(server => server.Host),
        SourceKind.Mysql when MysqlUri.TryParse(Uri.Reveal(), out var uri, out _) => [uri.Host],
        SourceKind.Redis when RedisUri.TryParse(Uri.Reveal(), out var uri, out _) => [uri.Host],
        _ => [],
    };
}

/// <summary>
/// All databases of a server, whose names only the server knows: at the start of a run it gives way to one
/// <see cref="DatabaseSourcePlan"/> for each, and one for what belongs to the server as a whole.
/// </summary>
internal sealed record DatabaseServerPlan(string Kind, string EntryName, Secret Uri, string Origin) : SourcePlan(Kind, EntryName)
{
    public override string Origin { get; } = Origin;

    public DatabaseOptions Options { get; init; } = new();

    /// <summary>What belongs to the server as a whole.</summary>
    public DatabaseSourcePlan Globals => new(Kind, $"{EntryName}-globals.sql", "", Uri, Origin) { Options = Options, PartOf = EntryName, IsGlobals = true };

    /// <summary>One database of it.</summary>
    public DatabaseSourcePlan Part(string database) =>
        new(Kind, $"{EntryName}-{EntryNames.Safe(database)}.dump", database, Uri, OriginOf(database)) { Options = Options, PartOf = EntryName };

    public override bool Covers(SourcePlan other) => Equals(other) || (other is DatabaseSourcePlan part && part.PartOf == EntryName);

    private string OriginOf(string database) =>
        PostgresUri.TryParse(Uri.Reveal(), out var uri, out _) ? uri.WithDatabase(database).Display : Origin;
}

/// <summary>
/// SQLite files of BACKUP_SQLITE by a pattern, whose file name has '*' or '?': at the start of a run it gives way to one
/// <see cref="SqliteSourcePlan"/> for each database that it fits.
/// </summary>
internal sealed record SqlitePatternPlan(string EntryName, string Pattern) : SourcePlan(SourceKind.Sqlite, EntryName)
{
    public override string Origin => Pattern;

    /// <summary>The directory that the files lie in.</summary>
    public string Directory { get; } = System.IO.Path.GetDirectoryName(Pattern)!; // It is absolute.

    /// <summary>Whether a path is that of a file of it, wherever the path comes from. As in a shell, '*' means no hidden file.</summary>
    public bool Fits(string path)
    {
        var (name, pattern) = (System.IO.Path.GetFileName(path), System.IO.Path.GetFileName(Pattern));
        return System.IO.Path.GetDirectoryName(path) == Directory && (name.StartsWith('.') == pattern.StartsWith('.'))
            && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
    }

    /// <summary>A file of it.</summary>
    public static SqliteSourcePlan Part(string path) => new($"sqlite-{System.IO.Path.GetFileName(path)}.db", path);

    public override bool Covers(SourcePlan other) => Equals(other) || (other is SqliteSourcePlan file && Fits(file.Path));
}

/// <summary>Sources whose names only the world knows, and which it did not tell. A run reports it as a source that failed.</summary>
internal sealed record UnresolvedSourcePlan(SourcePlan Wanted, string Problem) : SourcePlan(Wanted.Kind, Wanted.EntryName)
{
    public override string Origin => Wanted.Origin;
}

/// <summary>A SQLite file of BACKUP_SQLITE, taken through SQLite's online backup.</summary>
internal sealed record SqliteSourcePlan(string EntryName, string Path) : SourcePlan(SourceKind.Sqlite, EntryName)
{
    public override string Origin => Path;
}

/// <summary>A directory, with everything below it.</summary>
internal sealed record DirectorySourcePlan(string EntryName, string Path) : SourcePlan(SourceKind.Directory, EntryName)
{
    /// <summary>Absolute paths below <see cref="Path"/> that are not read: our own stores and staging.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    public override string Origin => Path;
}

/// <summary>A single file. If it is a SQLite database when the run comes to it, it is taken like one.</summary>
internal sealed record FileSourcePlan(string EntryName, string Path) : SourcePlan(SourceKind.File, EntryName)
{
    public override string Origin => Path;
}

/// <summary>What a backup run will do, decided from the settings alone.</summary>
internal sealed record BackupPlan
{
    public required string Name { get; init; }

    public required IReadOnlyList<SourcePlan> Sources { get; init; }

    /// <summary>".tar.gz.gpg" and its kin.</summary>
    public required string ArchiveExtension { get; init; }

    /// <summary>The labelled database whose dump alone is the backup; null for an archive of all sources.</summary>
    public ArtefactPlan? Artefact { get; init; }
}
