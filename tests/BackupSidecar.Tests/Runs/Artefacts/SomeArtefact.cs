using System.Security.Cryptography;
using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Runs.Artefacts;

/// <summary>A dump of a labelled database, for tests that look at what stands beside it.</summary>
internal static class SomeArtefact
{
    public static byte[] Content { get; } = Encoding.UTF8.GetBytes("what is stored");

    public static ArtefactName Named(string name) =>
        ArtefactName.TryParse(name, out var parsed) ? parsed : throw new ArgumentException($"'{name}' is no name.", nameof(name));

    public static Manifest Manifest(ArtefactName name, string identity = "shop/db/1", string container = "shop_db_1", TimeSpan? retention = null) => new()
    {
        CreatedBy = "backup-sidecar 1.2.3",
        RunId = new Guid("11111111-2222-3333-4444-555555555555"),
        BackupName = name.BackupName,
        Archive = name.FileName,
        StartedAt = new DateTimeOffset(name.LocalTime, TimeSpan.Zero).AddMilliseconds(125),
        FinishedAt = new DateTimeOffset(name.LocalTime, TimeSpan.Zero).AddMilliseconds(3_625),
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "none",
        Sources =
        [
            new ManifestSource
            {
                Kind = name.Kind,
                Entry = name.EntryName,
                Origin = "somewhere",
                State = SourceState.Complete,
                Database = name.Database,
                Tool = "pg_dump 15.5",
                Server = "PostgreSQL 15.5",
                Consistency = "single-transaction snapshot (pg_dump)",
                Bytes = 4_711,
                Entries = 1,
                Sha256 = new string('d', 64),
            },
        ],
        Stored = new StoredArchive(Content.Length, Convert.ToHexStringLower(SHA256.HashData(Content))),
        Container = new DumpedContainer("c0ffee", container, identity, retention ?? TimeSpan.FromDays(7)),
    };
}
