using System.IO.Compression;
using BackupSidecar.Archives.Compression;
using CompressionLevel = BackupSidecar.Configuration.CompressionLevel;

namespace BackupSidecar.Tests.Archives;

public sealed class GzipTests
{
    [Theory]
    [InlineData("gzip -c file")]
    [InlineData("gzip -1 -n -c file")]
    [InlineData("gzip -c < file")]
    [InlineData("cat file | gzip; gzip -c empty; printf x | gzip")]
    [InlineData("split -b 100000 file part- && for part in part-*; do gzip -c $part; done")]
    public void Gzip_of_other_programs_is_read_to_its_last_byte(string command)
    {
        using var workspace = new Workspace();
        workspace.Write("file", Some.Bytes(2_345_678));
        workspace.Write("empty", []);
        var packed = Host.Bash(command, workspace.Path);
        workspace.Write("packed", packed);
        var expected = Host.Bash("gzip -dc < packed", workspace.Path);

        Assert.Equal(Some.Digest(expected), Some.Digest(Unpack(packed)));
        Assert.Throws<InvalidDataException>(() => Unpack(packed[..^1]));
        Assert.Throws<InvalidDataException>(() => Unpack([.. packed, 0]));
    }

    [Fact]
    public void Every_length_of_a_foreign_member_is_read_and_every_cut_refused()
    {
        for (var length = 0; length < 300; length++)
        {
            var content = Some.Bytes(length, seed: length);
            var packed = Gzip(content);

            Assert.Equal(Some.Digest(content), Some.Digest(Unpack(packed)));
            Assert.Equal(Some.Digest([.. content, .. content]), Some.Digest(Unpack([.. packed, .. packed])));
            for (var cut = 0; cut < packed.Length; cut += 7)
                Assert.Throws<InvalidDataException>(() => Unpack(packed[..cut]));
        }
    }

    [Fact]
    public void Headers_with_every_optional_field_are_read()
    {
        var plain = Gzip("content"u8.ToArray());
        byte[] header = [.. plain[..3], 4 | 8 | 16 | 2, .. plain[4..10], 3, 0, 1, 2, 3, .. "name\0comment\0"u8, 9, 9];

        Assert.Equal("content"u8, Unpack([.. header, .. plain[10..]]));
    }

    [Fact]
    public void Members_of_ours_and_of_others_may_follow_each_other()
    {
        var ours = Pack(Some.Bytes(2_500_000));
        var theirs = Gzip(Some.Bytes(10_000));

        var both = Unpack([.. ours, .. theirs, .. ours]);

        Assert.Equal(Some.Digest([.. Some.Bytes(2_500_000), .. Some.Bytes(10_000), .. Some.Bytes(2_500_000)]), Some.Digest(both));
    }

    [Fact]
    public void Other_programs_read_our_members()
    {
        using var workspace = new Workspace();
        var content = Some.Bytes(3_333_333);
        workspace.Write("packed.gz", Pack(content));

        Assert.Equal(Some.Digest(content), Some.Digest(Host.Bash("gzip -dc packed.gz", workspace.Path)));
    }

    [Fact]
    public void What_does_not_compress_hardly_grows_and_what_does_shrinks()
    {
        var noise = new byte[10_000_000];
        new Random(3).NextBytes(noise);
        var text = new Random(4).GetItems("abcdefgh \n"u8, 3_000_000);
        var repeatedNoise = Enumerable.Repeat(noise[..20_000], 50).SelectMany(part => part).ToArray();

        Assert.InRange(Pack(noise).Length, noise.Length, noise.Length * 1.0002);
        Assert.InRange(Pack(text).Length, 1, text.Length / 2);
        // ISA-L itself is bad at these; here the probe must not take them for noise.
        Assert.InRange(Pack(repeatedNoise, CompressionLevel.Balanced).Length, 1, repeatedNoise.Length / 10);
        Assert.Equal(Some.Digest(noise), Some.Digest(Unpack(Pack(noise))));
    }

    [Fact]
    public void The_checksum_is_that_of_gzip()
    {
        foreach (var length in (int[])[0, 1, 15, 16, 17, 31, 1000, 65_537])
        {
            var content = Some.Bytes(length);

            Assert.Equal(BitConverter.ToUInt32(Gzip(content).AsSpan()[^8..]), Crc32.Append(0, content));
            Assert.Equal(Crc32.Append(0, content), Crc32.Append(Crc32.Append(0, content.AsSpan(0, length / 3)), content.AsSpan(length / 3)));
        }
    }

    private static byte[] Pack(byte[] content, CompressionLevel level = CompressionLevel.Fast)
    {
        using var packed = new MemoryStream();
        using (var compressor = new BlockCompressor(Some.Plain() with { CompressionLevel = level }, packed))
        {
            compressor.Write(content);
            compressor.Complete();
        }
        return packed.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(content);
            // Without this, .NET writes nothing at all for an empty stream.
            gzip.Flush();
        }
        return packed.Length > 0 ? packed.ToArray() : [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var reader = new GzipReader(new MemoryStream(packed), workers: 2);
        using var content = new MemoryStream();
        reader.CopyTo(content);
        return content.ToArray();
    }
}
