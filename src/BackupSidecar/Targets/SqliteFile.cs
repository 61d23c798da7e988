using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets;

/// <summary>What must be known of SQLite to replace one of its databases.</summary>
internal static class SqliteFile
{
    private static readonly string[] Suffixes = ["-wal", "-shm", "-journal"];

    /// <summary>Whether an unpacked file is a SQLite database.</summary>
    public static bool Is(string path) => new FileInfo(path).LinkTarget is null && Sqlite.LooksLikeSqlite(path);

    /// <summary>The path of another database in the same folder, which must not exist yet.</summary>
    /// <exception cref="RestoreException">The name is not one of a file, or there is such a file.</exception>
    public static string Beside(string path, string name)
    {
        if (name.Contains('/') || name is "." or ".." || name.StartsWith(OwnNames.Prefix, StringComparison.Ordinal))
            throw new RestoreException($"--database-as {name} is not the name of a file: it stands in the folder of {path}.");
        var beside = Path.Combine(Path.GetDirectoryName(Paths.Resolve(path)) ?? "/", name);
        return Suffixes.Prepend("").Select(suffix => beside + suffix).FirstOrDefault(Path.Exists) is { } taken
            ? throw new RestoreException($"{taken} is there already; --database-as needs a new name. Nothing was touched.")
            : beside;
    }

    /// <summary>
    /// The files beside a database that belong to its present content. Left there, SQLite would replay them into the
    /// restored one.
    /// </summary>
    public static IReadOnlyList<RawName> Companions(string file) => [.. Suffixes.Select(suffix => new RawName(file + suffix))];
}
