using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// A pg_restore that reads a dump of pg_dump's custom format from end to end and prints its data, of which the rows are counted:
/// a dump that ends too early can look like a good one to everybody but pg_restore.
/// </summary>
internal sealed class DumpCheck : IDumpCheck
{
    private readonly IRunningTool _pgRestore;
    private readonly CopyCounter _counter = new();
    private readonly Task _reading;

    private DumpCheck(IRunningTool pgRestore, PostgresClient client, CancellationToken cancellation)
    {
        Reader = $"pg_restore {client.Version}";
        _pgRestore = pgRestore;
        _reading = ProgramStreams.PumpAsync(pgRestore.StandardOutput, Count, pgRestore.Kill, cancellation);
    }

    public string Reader { get; }

    /// <summary>Rows of each table; once it has completed.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counter.Counts;

    /// <summary>Whether pg_restore has ended before the dump did: its last words say why.</summary>
    public bool HasEnded { get; private set; }

    public static async Task<DumpCheck> StartAsync(IToolPlace place, PostgresClient client, CancellationToken cancellation)
    {
        var command = new Command(client.Program("pg_restore"), "--format=custom", "--data-only", "--file=-");
        return new DumpCheck(await place.StartAsync(command, cancellation), client, cancellation);
    }

    public void Take(ReadOnlySpan<byte> chunk)
    {
        if (HasEnded)
            return;
        try
        {
            _pgRestore.StandardInput.Write(chunk);
        }
        catch (IOException)
        {
            HasEnded = true;
        }
    }

    public async Task<string?> CompleteAsync(CancellationToken cancellation)
    {
        _pgRestore.StandardInput.Close();
        await _reading;
        var result = await _pgRestore.WaitAsync(cancellation);
        if (result.Succeeded && !HasEnded)
            return null;
        if (result.LastWords.Contains("unsupported version", StringComparison.Ordinal))
            return $"it was made by a newer PostgreSQL client: {result.LastWords}";
        throw new DatabaseException($"pg_restore cannot read it to its end: {result.LastWords}");
    }

    /// <summary>Ends pg_restore at once.</summary>
    public void Kill() => _pgRestore.Kill();

    public async ValueTask DisposeAsync()
    {
        await _pgRestore.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool Count(byte[] chunk, int length)
    {
        _counter.Take(chunk.AsSpan(0, length));
        return true;
    }
}
