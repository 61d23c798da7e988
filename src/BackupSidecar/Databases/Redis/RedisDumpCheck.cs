namespace BackupSidecar.Databases.Redis;

/// <summary>Reads a snapshot (RDB) from end to end and compares its checksum.</summary>
internal sealed class RedisDumpCheck : IDumpCheck
{
    private readonly RdbEnding _ending = new(Stream.Null);

    public string Reader => "this program (its checksum)";

    public void Take(ReadOnlySpan<byte> chunk) => _ending.Take(chunk.ToArray(), chunk.Length);

    public Task<string?> CompleteAsync(CancellationToken cancellation)
    {
        try
        {
            return Task.FromResult(_ending.Complete() ? null : "the server wrote no checksum into it");
        }
        catch (DumpFormatException error)
        {
            throw new DatabaseException($"it is not a snapshot of Redis, or not whole: {error.Message}", error);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
