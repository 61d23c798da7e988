namespace BackupSidecar.Databases;

/// <summary>
/// Lets SQLite check a copy of a database. SQLite reads files only, so the copy lies in a private folder until then.
/// </summary>
/// <param name="sqlite">The program.</param>
/// <param name="version">Its version.</param>
/// <param name="path">Where the copy is put; nothing must be there yet.</param>
internal sealed class SqliteDumpCheck(Sqlite sqlite, string version, string path) : IDumpCheck
{
    private readonly FileStream _copy = new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        BufferSize = 0,
    });

    public string Reader => $"sqlite3 {version}";

    public void Take(ReadOnlySpan<byte> chunk) => _copy.Write(chunk);

    public async Task<string?> CompleteAsync(CancellationToken cancellation)
    {
        await _copy.DisposeAsync();
        // To SQLite an empty file is an empty database.
        if (!Sqlite.LooksLikeSqlite(path))
            throw new DatabaseException("it is not a SQLite database");
        await sqlite.CheckIntegrityAsync(path, cancellation);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _copy.DisposeAsync();
        File.Delete(path);
    }
}
