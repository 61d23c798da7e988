using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;

namespace BackupSidecar.Bench.Content;

/// <summary>Makes a local store that holds many backups, one each quarter of an hour: whole to whoever lists them, without content.</summary>
internal static class ListedStore
{
    private const string BackupName = "bench";
    private static readonly DateTimeOffset Newest = new(2026, 3, 14, 15, 0, 0, TimeSpan.Zero);

    public static void Make(string root, int backups, string passphrase)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, BackupName)).FullName;
        var manifests = new ManifestFile(new ArchiveSettings { EncryptionKey = new Secret(passphrase) }, BackupName);
        byte[] archive = [1, 2, 3, 4];
        for (var number = 0; number < backups; number++)
        {
            var time = Newest.AddMinutes(-15 * number);
            var name = new ArchiveName(BackupName, time.DateTime, ".tar.gz.gpg");
            File.WriteAllBytes(Path.Combine(folder, name.FileName), archive);
            File.WriteAllBytes(Path.Combine(folder, name.ManifestFileName), manifests.Write(ManifestOf(name, time, archive)));
        }
    }

    private static Manifest ManifestOf(ArchiveName name, DateTimeOffset time, byte[] archive) => new()
    {
        CreatedBy = "bench",
        RunId = Guid.Empty,
        BackupName = BackupName,
        Archive = name.FileName,
        StartedAt = time,
        FinishedAt = time,
        TimeZone = "UTC",
        Compression = "gzip",
        Encryption = "passphrase",
        Sources =
        [
            new ManifestSource { Kind = "directory", Entry = "uploads", Origin = "/source/uploads", State = SourceState.Complete },
            new ManifestSource { Kind = "postgres", Entry = "postgres-shop.dump", Origin = "postgresql://db/shop", State = SourceState.Complete },
        ],
        Stored = new StoredArchive(archive.Length, new string('0', 64)),
    };
}
