using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Databases;
using BackupSidecar.Planning;

namespace BackupSidecar.Verification;

/// <summary>Compares one source with the manifest as its entries come by, and lets a dump be read meanwhile. Keeps nothing.</summary>
internal sealed class SourceCheck(ArchivedSource source, DumpReading reading) : IEntryTaker, IAsyncDisposable
{
    private readonly Expectation _expected = source.Expect(isTrusted: true);
    private readonly SourceTally _tally = new(source.Expect(isTrusted: true), source.IsByContent)
    {
        Destination = reading.Check is { } check ? new DumpStream(check) : null,
    };

    public ArchivedSource Source => source;

    public string Root => _expected.Root;

    /// <summary>What has read the dump; null for what is no dump, or was not read.</summary>
    public string? Reader => Unread is null ? reading.Check?.Reader : null;

    /// <summary>Why the dump was not read by its own tool.</summary>
    public string? Unread { get; private set; } = reading.NotReadBecause;

    public void Add(ArchiveEntry entry, CancellationToken cancellation)
    {
        _ = _tally.Admit(entry, cancellation);
        if (source.IsByContent)
            entry.CopyContentTo(_tally);
        else
            entry.CopyRecordsTo(_tally);
    }

    /// <summary>What differs from the manifest says more than what a tool makes of it, so that comes first.</summary>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        _tally.Compare();
        if (reading.Check is null)
            return;
        try
        {
            Unread = await reading.Check.CompleteAsync(cancellation);
        }
        catch (DatabaseException error)
        {
            throw new BackupRefusedException($"'{source.Entry}' is in the archive as its manifest says, but it is no good dump: {error.Message}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _tally.DisposeAsync();
        if (reading.Check is not null)
            await reading.Check.DisposeAsync();
    }

    private sealed class DumpStream(IDumpCheck check) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => check.Take(buffer);
    }
}
