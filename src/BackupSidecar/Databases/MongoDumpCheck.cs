namespace BackupSidecar.Databases;

/// <summary>Looks at the frame of a mongodump archive: no tool reads one without a server.</summary>
internal sealed class MongoDumpCheck : IDumpCheck
{
    private readonly MongoArchiveFraming _framing = new();

    public string Reader => "its frame only (start and end)";

    public void Take(ReadOnlySpan<byte> chunk) => _framing.Take(chunk);

    public Task<string?> CompleteAsync(CancellationToken cancellation) => _framing.IsWhole
        ? Task.FromResult<string?>(null)
        : throw new DatabaseException("it is not an archive of mongodump, or not whole");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
