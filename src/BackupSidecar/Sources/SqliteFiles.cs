using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Processes;

namespace BackupSidecar.Sources;

/// <summary>Finds the SQLite databases of a pattern.</summary>
internal static class SqliteFiles
{
    /// <summary>Regular files that are databases of SQLite, in order. One that may not be read belongs to them, so that its backup fails.</summary>
    /// <exception cref="SourceException">There is none, or the directory cannot be read.</exception>
    public static async Task<IReadOnlyList<string>> FindAsync(SqlitePatternPlan pattern, CancellationToken cancellation)
    {
        var found = new List<string>();
        foreach (var path in Fitting(pattern))
        {
            if (new FileInfo(path).LinkTarget is null && (await FileStatus.ReadAsync(path, cancellation)).IsRegularFile && (!CanBeRead(path) || Sqlite.LooksLikeSqlite(path)))
                found.Add(path);
        }
        return found.Count > 0 ? found : throw new SourceException("no SQLite database fits this pattern");
    }

    private static List<string> Fitting(SqlitePatternPlan pattern)
    {
        try
        {
            return [.. Directory.EnumerateFiles(pattern.Directory).Where(pattern.Fits).Order(StringComparer.Ordinal)];
        }
        catch (UnauthorizedAccessException error)
        {
            throw new SourceException($"the directory cannot be read: permission denied. {Capabilities.Ours.ToRead}", error);
        }
        catch (IOException error)
        {
            throw new SourceException($"the directory cannot be read: {error.Message}", error);
        }
    }

    private static bool CanBeRead(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
