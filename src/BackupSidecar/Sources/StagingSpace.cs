using BackupSidecar.Reports;

namespace BackupSidecar.Sources;

/// <summary>
/// The room that the dumps of a run may take in staging: what BACKUP_STAGING_LIMIT allows, or what is free. Refuses before a
/// dump begins where its estimate does not fit, and stops one that grows beyond the limit.
/// </summary>
/// <param name="directory">The staging folder.</param>
/// <param name="limit">Bytes of BACKUP_STAGING_LIMIT; null for what is free.</param>
internal sealed class StagingSpace(string directory, long? limit)
{
    /// <summary>A dump has no indexes and is compressed: it takes a tenth of what its server calls the size, or little more. What must not be refused is what would fit.</summary>
    private const int ServerBytesPerByte = 10;

    private readonly Lock _gate = new();
    private long _expected;
    private long _taken;

    /// <summary>Reserves room for the dump of a database of that size on its server.</summary>
    /// <exception cref="SourceException">There is not enough beside what others need; the message says how much is needed and free.</exception>
    public void ExpectDumpOf(long serverBytes) => Expect(serverBytes / ServerBytesPerByte);

    /// <summary>Reserves room for so many bytes.</summary>
    /// <exception cref="SourceException">There is not enough beside what others need.</exception>
    public void Expect(long bytes)
    {
        var free = new DriveInfo(directory).AvailableFreeSpace;
        var available = Math.Min(limit ?? free, free);
        lock (_gate)
        {
            if (_expected + bytes > available)
            {
                throw new SourceException(
                    $"its copy needs about {ReportText.Size(bytes)} in the staging folder {directory}"
                    + (_expected > 0 ? $", the copies of others {ReportText.Size(_expected)}" : "")
                    + $", and there is room for {ReportText.Size(available)}"
                    + (available < free ? " (BACKUP_STAGING_LIMIT)" : "; free some, or set BACKUP_STAGING_DIR to a larger volume"));
            }
            _expected += bytes;
        }
    }

    /// <summary>Counts bytes that are about to be written.</summary>
    /// <exception cref="IOException">They would exceed the limit.</exception>
    public void Take(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit.GetValueOrDefault(long.MaxValue))
            return;
        GiveBack(bytes);
        throw new IOException($"The dumps of this run take more than {ReportText.Size(limit.GetValueOrDefault())} (BACKUP_STAGING_LIMIT).");
    }

    /// <summary>What was taken has been removed.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
