using System.IO.Pipelines;

namespace BackupSidecar.Databases.Mongo;

/// <summary>Reads the frame of a mongodump archive from end to end, with its checksums: no tool reads one without a server.</summary>
internal sealed class MongoDumpCheck : IDumpCheck
{
    private readonly Pipe _pipe = new();
    private readonly Stream _feed;
    private readonly Task _reading;

    public MongoDumpCheck()
    {
        _feed = _pipe.Writer.AsStream();
        _reading = ReadAsync();
    }

    public string Reader => "this program (its frame and its checksums)";

    public void Take(ReadOnlySpan<byte> chunk) => _feed.Write(chunk);

    public async Task<string?> CompleteAsync(CancellationToken cancellation)
    {
        await _feed.DisposeAsync();
        try
        {
            await _reading.WaitAsync(cancellation);
            return null;
        }
        catch (DumpFormatException error)
        {
            throw new DatabaseException($"it is not an archive of mongodump, or not whole: {error.Message}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _feed.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync()
    {
        try
        {
            await PassingDump.ReadAsync(_pipe.Reader.AsStream(), (_, _) => { }, MongoArchive.Read, () => { }, CancellationToken.None);
        }
        finally
        {
            // What comes after a fault is dropped; else whoever feeds the pipe would wait for ever.
            await _pipe.Reader.CompleteAsync();
        }
    }
}
