using System.Text;
using System.Text.Json.Nodes;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Runs.Artefacts;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Runs.Artefacts;

/// <summary>What stands beside the dump of a labelled database: as Label Backup documents it, and nothing to be fooled by.</summary>
public sealed class MetadataFileTests
{
    private const string Name = "prod/postgres-app-20261121225500.dump.gz";

    private static readonly ArchiveSettings Keyless = new();
    private static readonly ArchiveSettings Signing = new() { SigningKey = new Secret("a signing key of this test") };

    [Fact]
    public void It_has_every_member_of_the_contract_and_ours_behind_them()
    {
        var json = Encoding.UTF8.GetString(new MetadataFile(Keyless).Write(SomeArtefact.Manifest(SomeArtefact.Named(Name)), $"/backups/{Name}"));

        Assert.Equal(
            """
            {
              "timestamp": "2026-11-21T22:55:00.125Z",
              "container_id": "c0ffee",
              "container_name": "shop_db_1",
              "database_type": "postgres",
              "database_name": "app",
              "backup_size_bytes": 14,
              "checksum": "fcba9ed3ce81aeb2f2e2eaf4ec9ae9d42dd0fbff93c0c5d4dffc3e2cfbe4e59a",
              "compression_type": "gzip",
              "version": "1.0",
              "destination": "/backups/prod/postgres-app-20261121225500.dump.gz",
              "duration_seconds": 3.5,
              "success": true,
              "object": "prod/postgres-app-20261121225500.dump.gz",
              "identity": "shop/db/1",
              "dump_bytes": 4711,
              "dump_checksum": "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
              "tool": "pg_dump 15.5",
              "server": "PostgreSQL 15.5",
              "consistency": "single-transaction snapshot (pg_dump)",
              "encryption": "none",
              "retention_seconds": 604800,
              "created_by": "backup-sidecar 1.2.3",
              "run_id": "11111111-2222-3333-4444-555555555555"
            }

            """.Replace("fcba9ed3ce81aeb2f2e2eaf4ec9ae9d42dd0fbff93c0c5d4dffc3e2cfbe4e59a", SomeArtefact.Manifest(SomeArtefact.Named(Name)).Stored!.Sha256, StringComparison.Ordinal),
            json);
    }

    [Fact]
    public void What_was_written_is_read_again()
    {
        var written = SomeArtefact.Manifest(SomeArtefact.Named(Name));

        var (read, trust) = new MetadataFile(Signing).Read(new MetadataFile(Signing).Write(written, "/x/" + Name), Name);

        Assert.Equal(ManifestTrust.Authentic, trust);
        Assert.Equal((written.Archive, written.BackupName, written.StartedAt, written.Stored, written.Container), (read.Archive, read.BackupName, read.StartedAt, read.Stored, read.Container));
        Assert.Equal((4_711, new string('d', 64), "pg_dump 15.5"), (read.Sources[0].Bytes, read.Sources[0].Sha256, read.Sources[0].Tool));
    }

    [Fact]
    public void What_Label_Backup_wrote_itself_is_read()
    {
        const string Old =
            """
            {
              "timestamp": "2026-11-21T22:55:00.123456789Z",
              "container_id": "c0ffee",
              "container_name": "db",
              "database_type": "mysql",
              "backup_size_bytes": 14,
              "checksum": "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
              "compression_type": "gzip",
              "version": "1.0",
              "destination": "http://minio:9000/bucket/prod/mysql-app-20261121225500.dump.gz",
              "duration_seconds": 0.25,
              "success": true
            }
            """;

        var (read, trust) = new MetadataFile(Keyless).Read(Encoding.UTF8.GetBytes(Old), "prod/mysql-app-20261121225500.dump.gz");

        Assert.Equal((ManifestTrust.NotAuthenticated, "prod/mysql-app-20261121225500.dump.gz", new string('a', 64)), (trust, read.Archive, read.Stored?.Sha256));
        Assert.Equal(("mysql-app.sql", (string?)null), (read.Sources[0].Entry, read.Sources[0].Sha256));
        Assert.Equal(("db", (string?)null, (TimeSpan?)null), (read.Container?.Name, read.Container?.Identity, read.Container?.Retention));
    }

    [Fact]
    public void A_signature_holds_for_one_document_and_one_backup()
    {
        var file = new MetadataFile(Signing);
        var json = Encoding.UTF8.GetString(file.Write(SomeArtefact.Manifest(SomeArtefact.Named(Name)), "/x/" + Name));
        byte[] Changed(string from, string to) => Encoding.UTF8.GetBytes(json.Replace(from, to, StringComparison.Ordinal));

        Assert.Equal(ManifestTrust.Forged, file.Read(Changed("\"shop/db/1\"", "\"shop/db/2\""), Name).Trust);
        Assert.Equal(ManifestTrust.Forged, file.Read(Changed("\"success\": true,", "\"success\": true, \"more\": 1,"), Name).Trust);
        Assert.Equal(ManifestTrust.OtherKey, new MetadataFile(new ArchiveSettings { SigningKey = new Secret("another signing key") }).Read(Changed("-", "-"), Name).Trust);
        // Beside a backup of another database, or of another folder, it does not say that this is its own.
        foreach (var other in (string[])["test/postgres-app-20261121225500.dump.gz", "prod/postgres-app-20261121225501.dump.gz", "prod/mysql-app-20261121225500.dump.gz"])
            Assert.NotEqual(other, file.Read(Changed("-", "-"), other).Manifest.Archive);
    }

    [Theory]
    [InlineData("success", "false")]
    [InlineData("checksum", "\"abc\"")]
    [InlineData("checksum", "null")]
    [InlineData("backup_size_bytes", "-1")]
    [InlineData("backup_size_bytes", "1e400")]
    [InlineData("dump_bytes", "-5")]
    [InlineData("retention_seconds", "9223372036854775807")]
    [InlineData("container_name", "\"\\u001b[2J\"")]
    [InlineData("timestamp", "\"yesterday\"")]
    [InlineData("timestamp", "5")]
    [InlineData("key", "{}")]
    public void Metadata_that_cannot_be_right_are_refused(string member, string value)
    {
        var json = JsonNode.Parse(new MetadataFile(Keyless).Write(SomeArtefact.Manifest(SomeArtefact.Named(Name)), "/x/" + Name))!.AsObject();
        json[member] = JsonNode.Parse(value.Contains("e400", StringComparison.Ordinal) ? "0" : value);
        var text = json.ToJsonString();
        if (value.Contains("e400", StringComparison.Ordinal))
            text = text.Replace($"\"{member}\":0", $"\"{member}\":{value}", StringComparison.Ordinal);

        Assert.Throws<BackupRefusedException>(() => new MetadataFile(Keyless).Read(Encoding.UTF8.GetBytes(text), Name));
    }

    [Fact]
    public void No_document_at_all_makes_it_fail_in_another_way()
    {
        var random = LongRun.Random();
        var file = new MetadataFile(Signing);
        var valid = file.Write(SomeArtefact.Manifest(SomeArtefact.Named(Name)), "/x/" + Name);
        var signs = "{}[]\",:0-9eE\\u "u8.ToArray();
        var refused = 0;

        for (var i = 0; i < LongRun.Of(20_000, 1_000_000); i++)
        {
            var bytes = valid.ToArray();
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : signs[random.Next(signs.Length)];
            if (random.Next(8) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var (manifest, trust) = file.Read(bytes, Name);
                Assert.True(trust != ManifestTrust.Authentic || bytes.AsSpan().SequenceEqual(valid) || manifest.Archive == Name);
            }
            catch (BackupRefusedException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, int.MaxValue);
    }
}
