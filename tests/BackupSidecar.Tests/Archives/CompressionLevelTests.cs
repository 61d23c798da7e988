using BackupSidecar.Archives;
using BackupSidecar.Archives.Compression;
using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Archives;

public sealed class CompressionLevelTests
{
    private static readonly Compression[] Compressions = [Compression.Gzip, Compression.Zstd];

    [Theory]
    [InlineData("fast")]
    [InlineData("balanced")]
    [InlineData("small")]
    public void Stock_programs_and_we_read_every_level(string level)
    {
        using var workspace = new Workspace();
        var content = Some.Bytes(5_000_001);
        foreach (var compression in Compressions)
        {
            var settings = Some.Plain(compression) with { CompressionLevel = Enum.Parse<CompressionLevel>(level, ignoreCase: true) };
            var archive = Some.Archive(settings, "file", content);
            workspace.Write($"archive-{compression}", archive);
            workspace.NewDirectory($"out-{compression}");

            var program = compression == Compression.Gzip ? "gzip" : "zstd";
            Host.Bash($"{program} -t < archive-{compression} && {program} -dc < archive-{compression} | tar -x -C out-{compression}", workspace.Path);

            Assert.Equal(Some.Digest(content), Some.Digest(File.ReadAllBytes(workspace[$"out-{compression}/file"])));
            Assert.Equal([("file", Some.Digest(content))], Some.ReadAll(archive, Some.ExtensionOf(settings), settings));
        }
    }

    [Fact]
    public void A_smaller_level_is_smaller()
    {
        var text = Words(6_000_000);
        foreach (var compression in Compressions)
        {
            var sizes = Enum.GetValues<CompressionLevel>()
                .Select(level => Pack(text, Some.Plain(compression) with { CompressionLevel = level }).Length)
                .ToList();

            Assert.Equal(sizes.OrderDescending(), sizes);
            Assert.Equal(3, sizes.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024 * 1024 - 1)]
    [InlineData(1024 * 1024)]
    [InlineData(1024 * 1024 + 1)]
    [InlineData(2 * 1024 * 1024 - 1)]
    [InlineData(2 * 1024 * 1024)]
    [InlineData(2 * 1024 * 1024 + 1)]
    public void Contents_that_end_near_a_block_come_back(int length)
    {
        var content = Some.Bytes(length, seed: length);
        foreach (var compression in Compressions)
        {
            foreach (var level in Enum.GetValues<CompressionLevel>())
            {
                var packed = Pack(content, Some.Plain(compression) with { CompressionLevel = level });

                Assert.Equal(Some.Digest(content), Some.Digest(Unpack(packed, compression)));
            }
        }
    }

    [Fact]
    public void Zstd_of_other_programs_is_read_to_its_last_byte()
    {
        using var workspace = new Workspace();
        workspace.Write("file", Some.Bytes(9_000_000));
        workspace.Write("empty", []);
        foreach (var command in (string[])["zstd -c file", "zstd -c < file", "zstd --ultra -22 --long=27 -c < file", "cat file | zstd -1 --no-check; zstd -c empty; printf x | zstd"])
        {
            var packed = Host.Bash(command, workspace.Path);
            workspace.Write("packed", packed);
            var expected = Host.Bash("zstd -dc < packed", workspace.Path);

            Assert.Equal(Some.Digest(expected), Some.Digest(Unpack(packed, Compression.Zstd)));
            Assert.Throws<InvalidDataException>(() => Unpack(packed[..^1], Compression.Zstd));
            Assert.Throws<InvalidDataException>(() => Unpack([.. packed, 0], Compression.Zstd));
        }
    }

    [Fact]
    public void Frames_of_ours_and_of_others_may_follow_each_other()
    {
        using var workspace = new Workspace();
        workspace.Write("file", Some.Bytes(3_000_000, seed: 2));
        var ours = Pack(Some.Bytes(5_000_000), Some.Plain(Compression.Zstd));
        var theirs = Host.Bash("zstd -c < file", workspace.Path);

        var all = Unpack([.. ours, .. theirs, .. ours], Compression.Zstd);

        Assert.Equal(Some.Digest([.. Some.Bytes(5_000_000), .. Some.Bytes(3_000_000, seed: 2), .. Some.Bytes(5_000_000)]), Some.Digest(all));
    }

    [Fact]
    public void Every_cut_and_every_changed_byte_of_our_frames_is_refused()
    {
        var packed = Pack(Words(3_000_000), Some.Plain(Compression.Zstd));

        foreach (var position in Enumerable.Range(0, 60).Select(part => (int)((long)packed.Length * part / 60)))
        {
            byte[] changed = [.. packed];
            changed[position] ^= 0x10;
            Assert.Throws<InvalidDataException>(() => Unpack(packed[..position], Compression.Zstd));
            Assert.Throws<InvalidDataException>(() => Unpack(changed, Compression.Zstd));
        }
    }

    [Fact]
    public void A_missing_library_is_told_only_to_those_who_wanted_it()
    {
        Assert.Null(ArchiveWriter.Shortfall(Some.Plain() with { CompressionLevel = CompressionLevel.Balanced }));
        Assert.Null(ArchiveWriter.Shortfall(Some.Plain(Compression.Zstd)));
        Assert.Equal(IsalLibrary.IsInstalled, ArchiveWriter.Shortfall(Some.Plain()) is null);
    }

    private static byte[] Words(int length)
    {
        var random = new Random(7);
        var words = Enumerable.Range(0, 3000).Select(_ => random.GetItems("etaoinshrdlu"u8, random.Next(2, 9))).ToArray();
        using var text = new MemoryStream();
        while (text.Length < length)
        {
            text.Write(words[(int)(words.Length * Math.Pow(random.NextDouble(), 3))]);
            text.WriteByte((byte)' ');
        }
        return text.ToArray();
    }

    private static byte[] Pack(byte[] content, ArchiveSettings settings)
    {
        using var packed = new MemoryStream();
        using (var compressor = new BlockCompressor(settings, packed))
        {
            compressor.Write(content);
            compressor.Complete();
        }
        return packed.ToArray();
    }

    private static byte[] Unpack(byte[] packed, Compression compression)
    {
        using var reader = Decompressor.Open(new MemoryStream(packed), compression, workers: 2);
        using var content = new MemoryStream();
        reader.CopyTo(content);
        return content.ToArray();
    }
}
