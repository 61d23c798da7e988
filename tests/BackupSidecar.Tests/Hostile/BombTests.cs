using System.Buffers.Binary;
using System.IO.Compression;
using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Restore;
using BackupSidecar.Tests.Stores;

namespace BackupSidecar.Tests.Hostile;

/// <summary>Counts what the whole process allocates, so no other test may run meanwhile.</summary>
[CollectionDefinition(nameof(BombTests), DisableParallelization = true)]
public sealed class Alone;

/// <summary>A little that becomes very much: what the manifest says, and without one what there is room for, ends it.</summary>
[Collection(nameof(BombTests))]
public sealed class BombTests : IDisposable
{
    private const int ZstdBlockBytes = 128 * 1024;

    private readonly RestoreScene _scene = new();

    public BombTests() => _scene.Settings = _scene.Settings with { Archive = new ArchiveSettings { CompressionThreads = 1, SigningKey = new Secret("a signing key of this test") } };

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task More_than_the_manifest_says_is_refused_before_it_is_unpacked()
    {
        _scene.AddDirectory("data");
        var bomb = Zstd(blocks: 8 * 1024);
        Assert.InRange(bomb.Length, 32 * 1024, 36 * 1024);
        var name = await _scene.StoreAsync(bomb, ".tar.zst", [Source(bytes: 5, entries: 3)]);
        var before = GC.GetTotalAllocatedBytes();

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp });

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Contains("more than the manifest allows", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Refused, (await _scene.VerifyAsync(new VerifyOptions { Backup = name.Timestamp, Level = VerificationLevel.Content })).Report.Outcome);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 256L << 20);
        Assert.Empty(_scene.Leftovers());
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    public async Task More_than_there_is_room_for_is_refused_before_it_is_read(long bytes)
    {
        _scene.AddDirectory("data");
        _scene.AddDirectory("more");
        var name = await _scene.StoreAsync(Zstd(blocks: 8), ".tar.zst", [Source(bytes, entries: 3), Source(bytes, entries: 3) with { Entry = "more" }]);

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("not enough room", report.Problems[0], StringComparison.Ordinal);
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task What_no_manifest_bounds_never_fills_the_disk()
    {
        using var disk = new SmallFileSystem();
        _scene.Folder.Shell($"echo precious > '{disk.Path}/mine'");
        _scene.Sources.Add(new DirectorySourcePlan("data", disk.Path));
        byte[] tree = [.. HostileCorpus.Begin, .. Enumerable.Range(0, 100).SelectMany(i => TarStream.Header($"data/{i}", size: Octal(100_000))
            .Concat(new byte[(100_000 + 511) / 512 * 512])), .. TarStream.End];
        var name = await _scene.StoreAsync(Gzip([.. Nested("data", Gzip(tree)), .. TarStream.End]), ".tar.gz", sources: null);
        var free = new DriveInfo(disk.Path).AvailableFreeSpace;

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, AllowUnverified = true });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("not enough room", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("mine\n", _scene.Folder.Shell($"ls -A '{disk.Path}'"));
        Assert.Equal(free, new DriveInfo(disk.Path).AvailableFreeSpace);
    }

    [Theory]
    [InlineData("data.tar.gz", true)]
    [InlineData("file", false)]
    [InlineData("postgres-shop.dump", false)]
    public async Task What_says_that_it_is_a_terabyte_is_refused_at_once(string entry, bool isNested)
    {
        byte[] liar = [.. TarStream.Header(isNested ? "data/zeros" : entry, size: TarStream.Binary(1L << 40)), .. new byte[1 << 20]];
        var archive = isNested ? Gzip([.. Nested("data", Gzip(liar)), .. TarStream.End]) : Gzip([.. liar[..512], .. new byte[512]]);
        var name = await _scene.StoreAsync(archive, ".tar.gz", sources: null);

        var report = await _scene.RestoreAsync(new RestoreOptions { Backup = name.Timestamp, AllowUnverified = true, ToDirectory = _scene.Folder["out"] });

        Assert.Contains(report.Outcome, (RunOutcome[])[RunOutcome.Failed, RunOutcome.Refused]);
        Assert.False(Directory.Exists(_scene.Folder["out"]));
    }

    private static ManifestSource Source(long bytes, long entries) => new()
    {
        Kind = SourceKind.Directory,
        Entry = "data",
        Origin = "/somewhere",
        State = SourceState.Complete,
        Bytes = bytes,
        Entries = entries,
        TarSha256 = new string('0', 64),
    };

    /// <summary>A frame whose blocks say "128 KiB of this byte" in four bytes each: a tar stream with one file of zeros.</summary>
    private static byte[] Zstd(int blocks)
    {
        byte[] start = [.. HostileCorpus.Begin, .. TarStream.Header("data/zeros", size: TarStream.Binary((long)blocks * ZstdBlockBytes))];
        return
        [
            0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58,
            .. Block(type: 0, start.Length), .. start,
            .. Enumerable.Range(0, blocks).SelectMany(_ => (byte[])[.. Block(type: 1, ZstdBlockBytes), 0]),
            .. Block(type: 1, 1024, isLast: true), 0,
        ];
    }

    private static byte[] Block(int type, int bytes, bool isLast = false)
    {
        var header = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(header, (bytes << 3) | (type << 1) | (isLast ? 1 : 0));
        return header[..3];
    }

    private static byte[] Nested(string name, byte[] packed) =>
        [.. TarStream.Header($"./{name}.tar.gz", size: Octal(packed.Length)), .. packed, .. new byte[-packed.Length & 511]];

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
            gzip.Write(content);
        return packed.ToArray();
    }

    private static string Octal(long number) => Convert.ToString(number, 8).PadLeft(11, '0');
}
