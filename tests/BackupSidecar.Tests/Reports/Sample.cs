using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

/// <summary>Reports for tests.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Start = new(2026, 11, 20, 2, 0, 0, TimeSpan.Zero);

    public static readonly RunReport Succeeded = new()
    {
        RunId = new Guid("5d1c8c3e-4b2f-4a53-9f0a-0123456789ab"),
        Kind = "backup",
        BackupName = "app",
        StartedAt = Start,
        FinishedAt = Start.AddSeconds(12.5),
        Outcome = RunOutcome.Succeeded,
        Timestamp = "2026-11-20-030000",
        Archive = "app-2026-11-20-030000.tar.gz.gpg",
        ArchiveBytes = 1_503_238_553,
    };

    public static readonly RunReport Full = Succeeded with
    {
        RunId = new Guid("5d1c8c3e-4b2f-4a53-9f0a-ba9876543210"),
        Outcome = RunOutcome.Partial,
        Sources =
        [
            new SourceReport("postgres", "postgres-app.dump", 2048, 1, Problem: null),
            new SourceReport("directory", "uploads", 0, 0, "The directory is not there."),
        ],
        Stores =
        [
            new StoreReport("local", "/backups-local/app", Problem: null) { Checked = UploadCheck.Size, Kept = 7, Removed = 1 },
            new StoreReport("s3", "s3://bucket/app", "The server did not answer."),
        ],
        ServicesStoppedFor = TimeSpan.FromSeconds(3.2),
        Problems = ["uploads: The directory is not there.", "s3: The server did not answer."],
        Warnings = ["The archive is not encrypted – größer."],
    };
}
