using BackupSidecar.Stores;

namespace BackupSidecar.Runs;

/// <summary>How far a backup is: the archive's bytes so far, and what it will have at its end if it is as large as the last one.</summary>
internal sealed record RunProgress(long Bytes, long? Expected, TimeSpan Elapsed, bool IsWhole);

/// <summary>Tells every second how far the spool of a backup is.</summary>
internal sealed class ProgressWatch(IProgress<RunProgress> progress, long? expected, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Tells until the result is disposed.</summary>
    public IAsyncDisposable Follow(Spool spool)
    {
        var started = time.GetTimestamp();
        return time.CreateTimer(_ => Tell(spool, time.GetElapsedTime(started)), state: null, Interval, Interval);
    }

    private void Tell(Spool spool, TimeSpan elapsed) =>
        progress.Report(new RunProgress(spool.Length, expected, elapsed, spool.Sealed.IsCompleted));
}
