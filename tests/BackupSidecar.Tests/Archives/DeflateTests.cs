using BackupSidecar.Archives.Compression;
using BackupSidecar.Configuration;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Archives;

/// <summary>Both ways to deflate, both ways to inflate and both checksums, whether or not ISA-L is what the program would take.</summary>
public sealed class DeflateTests
{
    public static TheoryData<string> Deflaters => ["ISA-L", "balanced", "small"];

    public static TheoryData<string> Inflaters => ["ISA-L", "zlib"];

    [Fact]
    public void These_tests_see_the_library()
    {
        Assert.True(IsalLibrary.IsInstalled, "libisal.so.2 is missing: ./test.sh installs it.");

        using var fast = Deflater.For(CompressionLevel.Fast);
        using var inflater = Inflater.New();
        Assert.IsType<IsalDeflater>(fast);
        Assert.IsType<IsalInflater>(inflater);
    }

    [Theory]
    [MemberData(nameof(Deflaters))]
    public void Gzip_reads_the_members_of_every_length_and_kind(string name)
    {
        using var workspace = new Workspace();
        using var expected = new MemoryStream();
        using var packed = new MemoryStream();
        foreach (var content in Contents())
        {
            expected.Write(content);
            packed.Write(Pack(content, Make(name)));
        }
        workspace.Write("packed", packed.ToArray());

        Assert.Equal(Some.Digest(expected.ToArray()), Some.Digest(Host.Bash("gzip -dc < packed", workspace.Path)));
    }

    [Theory]
    [MemberData(nameof(Inflaters))]
    public void Both_readers_read_the_members_of_all_writers(string name)
    {
        foreach (var content in Contents())
        {
            foreach (var deflater in Deflaters)
                Assert.Equal(Some.Digest(content), Some.Digest(Unpack(Pack(content, Make(deflater)), name)));
        }
    }

    [Theory]
    [MemberData(nameof(Inflaters))]
    public void A_member_that_is_cut_or_changed_or_too_long_within_is_refused(string name)
    {
        var content = Some.Bytes(40_000, seed: 5);
        var packed = Pack(content, Make("ISA-L"));

        for (var position = GzipMember.HeaderBytes; position < packed.Length; position += 97)
        {
            byte[] changed = [.. packed];
            changed[position] ^= 0x04;
            Assert.Throws<InvalidDataException>(() => Unpack(packed[..position], name));
            Assert.Throws<InvalidDataException>(() => Unpack(changed, name));
        }
        foreach (var surplus in (byte[][])[[0], [1, 2, 3], new byte[10_000]])
        {
            byte[] longer = [.. packed[..^GzipMember.TrailerBytes], .. surplus, .. packed[^GzipMember.TrailerBytes..]];
            GzipMember.WriteHeader(longer, longer.Length, content.Length);
            Assert.Throws<InvalidDataException>(() => Unpack(longer, name));
        }
        foreach (var wrong in (int[])[0, content.Length - 1, content.Length + 1])
        {
            byte[] lying = [.. packed];
            GzipMember.WriteHeader(lying, lying.Length, wrong);
            Assert.Throws<InvalidDataException>(() => Unpack(lying, name));
        }
    }

    [Theory]
    [MemberData(nameof(Deflaters))]
    public void Without_enough_room_nothing_is_written_beyond_it(string name)
    {
        using var deflater = Make(name);
        var content = Some.Bytes(300_000, seed: 3);
        var destination = new byte[200_000];

        foreach (var room in (int[])[0, 1, 7, 100, 5_000, 80_000])
        {
            Array.Fill(destination, (byte)0xA5);
            Assert.Null(deflater.Deflate(content, new ArraySegment<byte>(destination, 10, room)));
            Assert.False(destination.AsSpan(10 + room).ContainsAnyExcept((byte)0xA5));
        }
    }

    [Fact]
    public void Both_checksums_are_the_same()
    {
        for (var length = 0; length < 2_000; length += length < 300 ? 1 : 61)
        {
            var content = Some.Bytes(length, seed: length);
            var half = length / 2;

            Assert.Equal(Crc32.AppendByTable(0, content), Crc32.Append(0, content));
            Assert.Equal(Crc32.AppendByTable(0, content), Crc32.AppendByTable(Crc32.Append(0, content.AsSpan(0, half)), content.AsSpan(half)));
        }
        Assert.Equal(0xCBF43926, Crc32.AppendByTable(0, "123456789"u8));
    }

    /// <summary>Every length up to 300, those around a stored run, a probe's run and a block; of text, of noise, of one byte.</summary>
    private static IEnumerable<byte[]> Contents()
    {
        int[] near = [4_096, 65_535, 65_536, 131_072, 524_288, GzipMember.ContentBytes];
        var lengths = Enumerable.Range(0, 300).Where(length => length < 40 || length % LongRun.Of(5, 1) == 0).Concat(near.SelectMany(length => (int[])[length - 1, length, length + 1]))
            .Where(length => length <= GzipMember.ContentBytes);
        foreach (var length in lengths)
        {
            var random = new Random(length);
            var noise = new byte[length];
            random.NextBytes(noise);
            yield return noise;
            yield return random.GetItems("all the words of a text\n"u8, length);
            yield return new byte[length];
            yield return Some.Bytes(length, seed: length);
            // Uneven enough for the probe to let it pass, and still hardly to be compressed.
            yield return [.. noise.Select(value => value < 250 ? value : (byte)0)];
        }
    }

    private static Deflater Make(string name) => name switch
    {
        "ISA-L" => new IsalDeflater(),
        "small" => new ZlibDeflater(ZlibDeflater.Small),
        _ => new ZlibDeflater(ZlibDeflater.Balanced),
    };

    private static byte[] Pack(byte[] content, Deflater deflater)
    {
        using var transform = new GzipTransform(deflater);
        var block = new Block(GzipTransform.Shape) { InputLength = content.Length };
        content.CopyTo(block.Input, 0);
        transform.Apply(block);
        return block.Output[..block.OutputLength];
    }

    private static byte[] Unpack(byte[] packed, string inflater)
    {
        using var reader = new GzipReader(
            new MemoryStream(packed), workers: 2, () => inflater == "zlib" ? new ZlibInflater() : new IsalInflater());
        using var content = new MemoryStream();
        reader.CopyTo(content);
        return content.ToArray();
    }
}
