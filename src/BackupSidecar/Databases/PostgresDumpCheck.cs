using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>Reads a dump of pg_dump's custom format with pg_restore, which turns all of it into SQL that nobody keeps.</summary>
internal sealed class PostgresDumpCheck : IDumpCheck
{
    private readonly RunningProcess _pgRestore;
    private bool _hasEnded;

    private PostgresDumpCheck(PostgresClient client, RunningProcess pgRestore)
    {
        Reader = $"pg_restore {client.Version}";
        _pgRestore = pgRestore;
    }

    public string Reader { get; }

    /// <summary>Whether pg_restore has ended before the dump did: its last words say why.</summary>
    public bool HasEnded => _hasEnded;

    public static PostgresDumpCheck Start(PostgresClient client) =>
        new(client, RunningProcess.Start(new Command(client.Program("pg_restore"), "--format=custom", "--file=/dev/null")));

    public void Take(ReadOnlySpan<byte> chunk)
    {
        if (_hasEnded)
            return;
        try
        {
            _pgRestore.StandardInput.Write(chunk);
        }
        catch (IOException)
        {
            _hasEnded = true;
        }
    }

    public async Task<string?> CompleteAsync(CancellationToken cancellation)
    {
        _pgRestore.StandardInput.Close();
        var result = await _pgRestore.WaitAsync(cancellation);
        if (result.Succeeded && !_hasEnded)
            return null;
        if (result.LastWords.Contains("unsupported version", StringComparison.Ordinal))
            return $"it was made by a newer PostgreSQL client: {result.LastWords}";
        throw new DatabaseException($"pg_restore cannot read it to its end: {result.LastWords}");
    }

    /// <summary>Ends pg_restore at once.</summary>
    public void Kill() => _pgRestore.Kill();

    public ValueTask DisposeAsync() => _pgRestore.DisposeAsync();
}
