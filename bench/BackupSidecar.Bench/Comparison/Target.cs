using static BackupSidecar.Bench.Comparison.Figure;
using static BackupSidecar.Bench.Comparison.Job;
using static BackupSidecar.Bench.Comparison.Tools;

namespace BackupSidecar.Bench.Comparison;

/// <summary>The most that ours may take of what a peer takes: the promise that a regression breaks.</summary>
internal sealed record Target(string Ours, string Peer, Job Job, Figure Figure, double Limit)
{
    public static IReadOnlyList<Target> All { get; } =
    [
        new(Fast, GzipPipe, Backup, Wall, .10),
        new(Fast, GzipPipe, Backup, Cpu, .16),
        new(Fast, GzipPipe, Backup, Stored, 1.07),
        new(Fast, GzipPipe, Restore, Wall, .40),
        new(Fast, GzipPipe, Verify, Wall, .25),
        new(Balanced, GzipPipe, Backup, Wall, .18),
        new(Balanced, GzipPipe, Backup, Cpu, .32),
        new(Balanced, GzipPipe, Backup, Stored, 1.01),
        new(Fast, PigzPipe, Backup, Wall, .20),
        new(Fast, PigzPipe, Backup, Cpu, .20),
        new(Fast, PigzPipe, Backup, Stored, 1.07),
        new(Zstd, ZstdPipe, Backup, Wall, .80),
        new(Zstd, ZstdPipe, Backup, Cpu, .90),
        new(Zstd, ZstdPipe, Backup, Stored, 1.01),
        new(Fast, Restic, Backup, Wall, .33),
        new(Fast, Restic, Backup, Cpu, .40),
        new(Fast, Restic, Restore, Wall, .60),
        new(Fast, Borg, Backup, Wall, .67),
        new(Fast, Borg, Backup, Cpu, .90),
        new(Fast, Borg, Restore, Wall, .52),
        new(FastAndS3, Fast, Backup, Wall, 1.30),
    ];
}
