using BackupSidecar.Databases;
using BackupSidecar.Processes;

namespace BackupSidecar.Targets;

/// <summary>What must be known of SQLite to replace one of its databases.</summary>
internal static class SqliteFile
{
    private static readonly string[] Suffixes = ["-wal", "-shm", "-journal"];

    /// <summary>Whether an unpacked file is a SQLite database.</summary>
    public static bool Is(string path) => new FileInfo(path).LinkTarget is null && Sqlite.LooksLikeSqlite(path);

    /// <summary>
    /// The files beside a database that belong to its present content. Left there, SQLite would replay them into the
    /// restored one.
    /// </summary>
    public static IReadOnlyList<RawName> Companions(string file) => [.. Suffixes.Select(suffix => new RawName(file + suffix))];
}
