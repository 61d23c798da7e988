using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Targets;

/// <summary>What must be known of SQLite to replace one of its databases.</summary>
internal static class SqliteFile
{
    private static readonly string[] Suffixes = ["-wal", "-shm", "-journal"];

    /// <summary>Whether the file begins as a SQLite database does.</summary>
    public static bool Is(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
            return false;
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[16];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("SQLite format 3\0"u8);
    }

    /// <summary>
    /// The files beside a database that belong to its present content. Left there, SQLite would replay them into the
    /// restored one.
    /// </summary>
    public static IReadOnlyList<RawName> Companions(string file) => [.. Suffixes.Select(suffix => new RawName(file + suffix))];
}
