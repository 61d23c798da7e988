using System.Security.Cryptography;
using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Databases.Mongo;
using BackupSidecar.Tests.Databases.Redis;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Verification;

/// <summary>Dumps in archives that are whole and signed: only what reads a dump sees that it is none, or cut.</summary>
public sealed class DumpTests : IDisposable
{
    private readonly RestoreScene _scene = new();
    private readonly Dictionary<string, byte[]> _dumps;

    public DumpTests()
    {
        _scene.Folder.Shell(
            $"""
            gpg --batch --quiet --no-autostart --pinentry-mode loopback --passphrase legacy-fixture-passphrase -d '{Fixture()}' | tar xz ./postgres-shop.dump
            sqlite3 shop.db 'CREATE TABLE t(v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO t SELECT i FROM n; CREATE INDEX x ON t(v)'
            """);
        _dumps = new Dictionary<string, byte[]>
        {
            [SourceKind.Postgres] = File.ReadAllBytes(_scene.Folder["postgres-shop.dump"]),
            [SourceKind.Sqlite] = File.ReadAllBytes(_scene.Folder["shop.db"]),
            [SourceKind.Mongodb] = MongoArchives.Whole,
            [SourceKind.Redis] = Snapshot.Whole,
        };
    }

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Whole_dumps_are_good_and_it_is_told_what_has_read_them()
    {
        await StoreAsync(_dumps);

        var (report, found) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        var readers = found[0].Sources.ToDictionary(source => source.Source.Kind, source => source.Reader);
        Assert.StartsWith("pg_restore 1", readers[SourceKind.Postgres], StringComparison.Ordinal);
        Assert.StartsWith("sqlite3 3.", readers[SourceKind.Sqlite], StringComparison.Ordinal);
        Assert.Contains("its checksums", readers[SourceKind.Mongodb], StringComparison.Ordinal);
        Assert.Contains("its checksum", readers[SourceKind.Redis], StringComparison.Ordinal);
        Assert.Empty(found[0].LeftOpen);
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Theory]
    [InlineData(SourceKind.Postgres, 0.0)]
    [InlineData(SourceKind.Postgres, 0.1)]
    [InlineData(SourceKind.Postgres, 0.5)]
    [InlineData(SourceKind.Postgres, 0.99)]
    [InlineData(SourceKind.Sqlite, 0.0)]
    [InlineData(SourceKind.Sqlite, 0.5)]
    [InlineData(SourceKind.Sqlite, 0.99)]
    [InlineData(SourceKind.Mongodb, 0.0)]
    [InlineData(SourceKind.Mongodb, 0.5)]
    [InlineData(SourceKind.Mongodb, 0.99)]
    [InlineData(SourceKind.Redis, 0.0)]
    [InlineData(SourceKind.Redis, 0.5)]
    [InlineData(SourceKind.Redis, 0.99)]
    public async Task A_dump_that_was_cut_before_it_was_signed_is_refused(string kind, double at)
    {
        var dump = _dumps[kind];
        await StoreAsync(new() { [kind] = dump[..(int)(dump.Length * at)] });

        var stored = await _scene.VerifyAsync(new VerifyOptions { Level = VerificationLevel.Stored });
        var (report, found) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Succeeded, stored.Report.Outcome);
        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Contains("it is no good dump", found[0].Copy.Problem, StringComparison.Ordinal);
        Assert.Empty(_scene.Folder.Shell("ls -A staging"));
    }

    [Fact]
    public async Task A_database_of_SQLite_with_a_page_of_noise_is_refused()
    {
        var noisy = _dumps[SourceKind.Sqlite];
        RandomNumberGenerator.Fill(noisy.AsSpan(noisy.Length / 2, 4096));
        await StoreAsync(new() { [SourceKind.Sqlite] = noisy });

        var (report, found) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Contains("the database is damaged", found[0].Copy.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_of_a_newer_client_is_told_to_be_unread_and_not_called_bad()
    {
        var newer = _dumps[SourceKind.Postgres];
        newer[6] = 99;
        await StoreAsync(new() { [SourceKind.Postgres] = newer });

        var (report, found) = await _scene.VerifyAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Contains("was not read by its own tool: it was made by a newer PostgreSQL client", Assert.Single(found[0].LeftOpen), StringComparison.Ordinal);
    }

    private Task<ArchiveName> StoreAsync(Dictionary<string, byte[]> dumps) => _scene.StoreAsync(archive =>
        [.. dumps.Select(dump => Dump(archive, dump.Key, dump.Value))]);

    private static ManifestSource Dump(ArchiveWriter archive, string kind, byte[] content)
    {
        archive.WriteFile(kind + "-shop", content, new EntryAttributes(0x180, 0, 0, DateTimeOffset.UnixEpoch));
        return new ManifestSource
        {
            Kind = kind,
            Entry = kind + "-shop",
            Origin = "x",
            State = SourceState.Complete,
            Bytes = content.Length,
            Entries = 1,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
        };
    }

    private static string Fixture()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(folder.FullName, "fixtures", "legacy")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run below the folder that holds their fixtures.");
        return Path.Combine(folder.FullName, "fixtures", "legacy", "blog-2026-11-20-065208.tar.gz.gpg");
    }
}
