using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Archives.Compression;
using BackupSidecar.Archives.Contents;
using BackupSidecar.Archives.Encryption.OpenPgp;
using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;
using BackupSidecar.Databases.MySql;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.Databases.Redis;
using BackupSidecar.Docker;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;
using BackupSidecar.Services;
using BackupSidecar.Sources;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Archives.OpenPgp;
using BackupSidecar.Tests.Databases.Mongo;
using BackupSidecar.Tests.Databases.Redis;
using BackupSidecar.Tests.Hostile;

namespace BackupSidecar.Tests.Parsing;

/// <summary>
/// Everything that reads what others wrote: its valid inputs, and how it reads one. The answers that it may give to what is none
/// of its inputs are caught there; whatever else it throws is a fault of ours.
/// </summary>
internal sealed record Parser(Action<byte[]> Read, params byte[][] Valid)
{
    /// <summary>Whether one input takes milliseconds, as what unpacks on threads does: then all 20,000 belong into long runs.</summary>
    public bool IsSlow { get; init; }

    private static readonly byte[] FastKey = Messages.FastKey();
    private static readonly byte[] Sealed = Messages.Encrypt(Some.Archive(Some.Plain(), "file", Some.Bytes(3_000)));
    private static readonly byte[] Gzip = OfAnotherProgram(Some.Bytes(3_000));

    public static Dictionary<string, Parser> All { get; } = new(StringComparer.Ordinal)
    {
        ["tar stream, judged"] = new(Judge, HostileCorpus.Stream("names of any bytes", "/canary"), HostileCorpus.Stream("a capability", "/canary"), HostileCorpus.Stream("a chain of links, then a file through it", "/canary")),
        ["OpenPGP message"] = new(bytes => Refusing<BackupRefusedException>(() => Decrypt(bytes)), Sealed[Messages.KeyPacketBytes..]),
        ["OpenPGP start"] = new(bytes => Refusing<BackupRefusedException>(() => MessageStart.Recognise(bytes)?.ContentFor(FastKey)), Sealed[..MessageStart.MostBytes]),
        ["gzip"] = new(bytes => Refusing<InvalidDataException>(() => Drain(new GzipReader(new MemoryStream(bytes), 1))), Gzip, Some.Archive(Some.Plain(), "file", Some.Bytes(3_000))) { IsSlow = true },
        ["zstd"] = new(bytes => Refusing<InvalidDataException>(() => Drain(new ZstdReader(new MemoryStream(bytes), 1))), Some.Archive(Some.Plain(BackupSidecar.Configuration.Compression.Zstd), "file", Some.Bytes(3_000))) { IsSlow = true },
        ["stop journal"] = new(bytes => StopJournal.Parse(bytes), """{"content":{"format":1,"boot":"x","services":[{"name":"a","containerId":"b","containerName":"c","stoppedAt":"2026-11-20T03:00:00Z"}]},"sha256":"00"}"""u8.ToArray()),
        ["Redis snapshot"] = new(bytes => Refusing<DumpFormatException>(() => Pass(bytes, RdbReader.Read)), Snapshot.Whole, Streams()) { IsSlow = true },
        ["Redis snapshot's end"] = new(bytes => Refusing<DumpFormatException>(() => End(bytes)), Snapshot.Whole, [.. Snapshot.Whole, .. Snapshot.Mark]),
        ["MongoDB archive"] = new(bytes => Refusing<DumpFormatException>(() => Pass(bytes, MongoArchive.Read)), MongoArchives.Whole) { IsSlow = true },
        ["BSON"] = new(
            bytes => Refusing<DumpFormatException>(() => BsonFields.Read(bytes.Length < 5 ? [5, 0, 0, 0, 0] : bytes)),
            MongoArchives.Document(("a", "text"), ("b", true), ("c", 7), ("d", 9UL), ("e", MongoArchives.Document(("f", 1.5))))),
        ["MySQL dump"] = new(ReadMysqlDump, """
            -- MariaDB dump
            CREATE TABLE `a` (`b` int);
            INSERT INTO `a` VALUES (1,'x\'('),(2,"y");
            DELIMITER ;;
            CREATE PROCEDURE p() BEGIN END ;;
            DELIMITER ;
            -- Dump completed
            """u8.ToArray()),
        ["COPY script"] = new(bytes => new CopyCounter().Take(bytes), "SET x;\nCOPY public.item (id, \"na\nme\") FROM stdin;\n1\tone\n\\.\nCOPY shop.empty (a) FROM stdin;\n\\.\n"u8.ToArray()),
        ["SQL script"] = new(ReadSql, """
            CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'; -- it's
            ALTER DATABASE "sh""op" OWNER TO "o'wner"; GRANT ALL ON DATABASE shop TO one; COMMENT ON DATABASE shop IS E'a\'b;';
            SELECT 1$b$c'x $b$ y'; CREATE FUNCTION f() AS $tag$ it's; "x $1 $tag$ LANGUAGE sql; CREATE POLICY p ON t TO one, two USING (true); \connect shop
            """u8.ToArray()),
        ["MySQL grants"] = OfText(
            text => new MysqlGrants(text.Split('\n')) is var grants && grants.Missing("shop", "SELECT", "EVENT").Count > 0 && grants.SeesRoutines(null),
            "GRANT SELECT, LOCK TABLES ON `sh\\_op%`.* TO `u`@`%`\nREVOKE SELECT ON `shop`.* FROM `u`@`%`\nGRANT ALL PRIVILEGES ON *.* TO u"),
        ["MySQL answer"] = OfText(text => MysqlText.Columns(text), "a\\tb\tc\\\\n\td\\n"),
        ["MySQL versions"] = OfText(text => (MysqlVersion.OfServer(text), MysqlVersion.OfTool(text)), "10.11.19-MariaDB-0+deb12u1", "mysqldump  Ver 8.0.36 for Linux", "mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB"),
        ["Redis answer"] = OfText(text => RedisInfo.Parse(text) is var info && info.HasKeys && info.KeysFoundAtStart > info.DatasetBytes, "# Memory\r\nused_memory_dataset:100\r\nrdb_last_load_keys_loaded:3\r\nrdb_last_load_keys_expired:1\r\ndb0:keys=1,expires=0\r\n"),
        ["archive name"] = OfText(text => ArchiveName.TryParse(text, "app", out var name) ? name.ManifestFileName : null, "app-2026-11-20-030000.tar.gz.gpg", "app-9999-12-31-235959.tar", "app-2026-11-20-030000.tar.zst"),
        ["timestamp"] = OfText(text => ArchiveName.TryParseTimestamp(text, out _), "2026-11-20-030000"),
        ["lock"] = OfText(text => RunPurpose.TryParse(text, out _), "backup 5d1c8c3e-4b2f-4a53-9f0a-0123456789ab of process 17 on host"),
        ["cron"] = OfText(text => CronSchedule.TryParse(text, TimeZoneInfo.Utc, out var schedule, out _) ? schedule!.Next(DateTimeOffset.UnixEpoch) : default, "0 3 * * *", "*/5 1-5,7 * jan-mar mon#2", "@daily", "@every 1h30m"),
        ["mounts"] = OfText(text => MountTable.Parse(text).NamesOf("/a/b").Count, "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n37 35 98:0 / / rw - overlay o rw"),
        ["own container"] = OfText(text => OwnContainer.FromMountInfo(text) ?? OwnContainer.FromCgroup(text), $"1 2 0:1 /var/lib/docker/containers/{new string('a', 64)}/hostname /etc/hostname rw", $"0::/docker/{new string('b', 64)}"),
        ["tar's complaints"] = OfText(
            text =>
            {
                var complaints = new TarComplaints("/nowhere", Capabilities.Ours);
                foreach (var line in text.Split('\n'))
                    complaints.Add(line);
                return complaints.Problem(new ProcessResult(1, ""));
            },
            "tar: ./a\\:b: file changed as we read it\ntar: ./s: socket ignored\ntar: ./x: Cannot open: Permission denied\ntar: Error is not recoverable: exiting now"),
    };

    private static CancellationToken Token => CancellationToken.None;

    private static Parser OfText<T>(Func<string, T> read, params string[] valid) =>
        new(bytes => _ = read(Encoding.UTF8.GetString(bytes)), [.. valid.Select(Encoding.UTF8.GetBytes)]);

    private static void Refusing<TException>(Action read)
        where TException : Exception
    {
        try
        {
            read();
        }
        catch (TException)
        {
            // That is the other permitted answer.
        }
    }

    private static void Judge(byte[] stream) => Refusing<BackupRefusedException>(() =>
    {
        using var reader = ArchiveReader.Open(new MemoryStream(stream), ".tar", new BackupSidecar.Configuration.ArchiveSettings());
        var guard = new EntryGuard("data", new EntryLimits(1 << 30, 1000), isTrusted: false);
        while (reader.NextEntry(Token) is { } entry)
            guard.Judge(new EntryFacts(entry.Name, entry.Type, entry.LinkTarget, entry.Bytes));
        reader.Complete();
    });

    private static void Decrypt(byte[] message)
    {
        using var decryptor = new PassphraseDecryptor(new MemoryStream(message), FastKey);
        decryptor.Complete();
    }

    private static void Drain(Stream stream)
    {
        using (stream)
            stream.CopyTo(Stream.Null);
    }

    private static void Pass<T>(byte[] dump, Func<PassingDump, T> read) =>
        PassingDump.ReadAsync(new MemoryStream(dump), (_, _) => { }, read, () => { }, Token).GetAwaiter().GetResult();

    private static void End(byte[] snapshot)
    {
        var ending = new RdbEnding(Stream.Null);
        foreach (var piece in snapshot.Chunk(33))
            ending.Take(piece, piece.Length);
        ending.Complete();
    }

    private static void ReadMysqlDump(byte[] dump)
    {
        var (rows, end) = (new DumpRowCounter(), new DumpEnd());
        foreach (var piece in dump.Chunk(50))
        {
            rows.Take(piece);
            end.Take(piece);
        }
        _ = (rows.Rows.Count, rows.IsBetweenStatements, end.IsWhole);
    }

    private static void ReadSql(byte[] script)
    {
        var splitter = new SqlSplitter(statement => _ = (SqlRoles.In(statement).Count(), statement.After("DATABASE"), statement.NameAt(2)));
        splitter.Take(script);
        splitter.Take(";"u8);
        splitter.Take("';\";"u8);
    }

    private static byte[] OfAnotherProgram(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal))
            gzip.Write(content);
        return packed.ToArray();
    }

    /// <summary>A stream, a hash and a sorted set, as servers from 7.0 on write them.</summary>
    private static byte[] Streams() =>
    [
        .. "REDIS0011"u8, 0xFE, 0,
        3, 1, (byte)'z', 1, 1, (byte)'m', 3, .. "1.5"u8,
        18, 1, (byte)'l', 1, 2, 1, (byte)'v',
        19, 1, (byte)'s', 1, 1, (byte)'n', 1, (byte)'e', 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, (byte)'g', 1, 1, 1, 0, 0,
        0xFF, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
}
