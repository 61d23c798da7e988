using BackupSidecar.Processes;

namespace BackupSidecar.Databases.PostgreSql;

/// <summary>
/// A pg_restore that reads a dump end to end while it is made, and prints the data, of which the rows are counted: a dump that
/// ends too early can look like a good one to everybody but pg_restore.
/// </summary>
internal sealed class DumpCheck : IAsyncDisposable
{
    private readonly IRunningTool _tool;
    private readonly CopyCounter _counter = new();
    private readonly Task _reading;

    private DumpCheck(IRunningTool tool, CancellationToken cancellation)
    {
        _tool = tool;
        _reading = ProgramStreams.PumpAsync(tool.StandardOutput, Take, tool.Kill, cancellation);
    }

    /// <summary>Once it has completed.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counter.Counts;

    public static async Task<DumpCheck> StartAsync(IToolPlace place, PostgresClient client, CancellationToken cancellation) =>
        new(await place.StartAsync(
            new Command(client.Program("pg_restore"), "--format=custom", "--data-only", "--file=-"), cancellation), cancellation);

    /// <summary>Takes a piece of the dump; false if it wants no more, which it says at the end.</summary>
    public bool TryWrite(byte[] chunk, int length) => ProgramStreams.TryWrite(_tool.StandardInput, chunk, length);

    /// <summary>The dump has ended: how pg_restore ended.</summary>
    public async Task<ProcessResult> CompleteAsync(CancellationToken cancellation)
    {
        _tool.StandardInput.Close();
        await _reading;
        return await _tool.WaitAsync(cancellation);
    }

    public void Kill() => _tool.Kill();

    public async ValueTask DisposeAsync()
    {
        await _tool.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool Take(byte[] chunk, int length)
    {
        _counter.Take(chunk.AsSpan(0, length));
        return true;
    }
}
