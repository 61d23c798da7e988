namespace BackupSidecar.Databases.MySql;

/// <summary>Reads the SQL of a dump from end to end: its last line is the closing one, no statement is open. No tool does that without a server.</summary>
internal sealed class MysqlDumpCheck : IDumpCheck
{
    private readonly DumpEnd _end = new();
    private readonly DumpRowCounter _counter = new();

    public string Reader => "this program (its statements and its closing line)";

    /// <summary>Rows by table: see <see cref="DumpRowCounter.Rows"/>.</summary>
    public IReadOnlyDictionary<string, long> Rows => _counter.Rows;

    /// <summary>Null if what was taken is a whole dump, else what is wrong.</summary>
    public string? Problem => _end.IsWhole && _counter.IsBetweenStatements ? null : $"of its {_end.Bytes} bytes the last line is not the closing one, or a statement is open";

    public void Take(ReadOnlySpan<byte> chunk)
    {
        _end.Take(chunk);
        _counter.Take(chunk);
    }

    public Task<string?> CompleteAsync(CancellationToken cancellation) =>
        Problem is { } problem ? throw new DatabaseException($"it is not a whole dump: {problem}") : Task.FromResult<string?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
