namespace BackupSidecar.Databases;

/// <summary>
/// Reads a dump from end to end with what its engine gives for that, without a server. It takes the dump piece by piece, on a
/// thread that may block.
/// </summary>
internal interface IDumpCheck : IAsyncDisposable
{
    /// <summary>What reads it, for people: "pg_restore 15.5".</summary>
    string Reader { get; }

    /// <summary>Takes the next piece. Once the reader has seen enough, whatever it says of it, the rest is dropped.</summary>
    void Take(ReadOnlySpan<byte> chunk);

    /// <summary>The end of the dump. Returns null if it is good, or why this reader cannot judge it.</summary>
    /// <exception cref="DatabaseException">It is not a whole dump.</exception>
    Task<string?> CompleteAsync(CancellationToken cancellation);
}
