using System.Text;
using BackupSidecar.Archives;
using BackupSidecar.Archives.Tar;

namespace BackupSidecar.Tests.Archives;

public sealed class TarParserTests
{
    public static TheoryData<string, long> Sizes => new()
    {
        { "00000000000\0", 0 },
        { "00000000017", 15 },
        { "       17 \0 ", 15 },
        { "\0\0\0\0\0\0\0\0\0\0\0\0", 0 },
        { "77777777777\0", (1L << 33) - 1 },
        { "777777777777", (1L << 36) - 1 },
        { TarStream.Binary(1L << 33), 1L << 33 },
        { TarStream.Binary(5L << 40), 5L << 40 },
        { TarStream.Binary(long.MaxValue - 512), long.MaxValue - 512 },
    };

    public static TheoryData<string> ImpossibleSizes => new(
        "0000000009\0", "abc", "-1", "12 34", TarStream.Binary(-1), TarStream.Binary(long.MaxValue), TarStream.Binary((Int128)long.MaxValue + 1), TarStream.Binary(long.MinValue));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Sizes_are_read_in_every_spelling(string field, long size) =>
        Assert.Equal(size, TarStream.First(TarStream.Header("file", size: field))!.Bytes);

    [Theory]
    [MemberData(nameof(ImpossibleSizes))]
    public void Impossible_sizes_are_refused(string field) =>
        Assert.Throws<InvalidDataException>(() => TarStream.First(TarStream.Header("file", size: field)));

    [Fact]
    public void A_sparse_file_of_more_than_8_GiB_has_its_stored_size()
    {
        var pax10 = TarStream.First(
            TarStream.Extended('x', TarStream.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "big"), ("GNU.sparse.realsize", "99999999999999"), ("size", "8589934593"))),
            TarStream.Header("GNUSparseFile.1/big"))!;
        var oldGnu = TarStream.First(
            TarStream.Header("big", 'S', TarStream.Binary(9L << 30), record => record[482] = 1),
            SparseExtension(more: true),
            SparseExtension(more: false))!;

        Assert.Equal(("big", '0', true, (8L << 30) + 1), (pax10.Name, pax10.Type, pax10.IsSparse, pax10.Bytes));
        Assert.Equal(("big", '0', true, 9L << 30), (oldGnu.Name, oldGnu.Type, oldGnu.IsSparse, oldGnu.Bytes));
    }

    [Fact]
    public void Extended_headers_of_both_families_set_names_and_links()
    {
        var pax = TarStream.First(TarStream.Extended('x', TarStream.Pax(("path", "p"), ("linkpath", "l"), ("mtime", "1.5"), ("uid", "7"))), TarStream.Header("x", '2'))!;
        var gnu = TarStream.First(TarStream.Extended('L', "long\0"), TarStream.Extended('K', "link\0"), TarStream.Header("x", '1'))!;
        var taken = TarStream.First(TarStream.Extended('x', TarStream.Pax(("path", "p"), ("path", ""))), TarStream.Header("x"))!;
        var ustar = TarStream.First(TarStream.Header("name", change: record => "prefix"u8.CopyTo(record.AsSpan(345))))!;

        Assert.Equal(("p", "l", 1500, 7), (pax.Name, pax.LinkTarget, pax.Attributes.ModifiedAt.ToUnixTimeMilliseconds(), pax.Attributes.OwnerId));
        Assert.Equal(("long", "link"), (gnu.Name, gnu.LinkTarget));
        Assert.Equal("x", taken.Name);
        Assert.Equal("prefix/name", ustar.Name);
    }

    [Theory]
    [InlineData("./a/b/", '0', "a/b", '5')]
    [InlineData("././a", '0', "a", '0')]
    [InlineData("./", '5', ".", '5')]
    [InlineData("/etc/passwd", '\0', "/etc/passwd", '0')]
    [InlineData("../up", '7', "../up", '0')]
    [InlineData("/", '5', "/", '5')]
    [InlineData(".", '5', ".", '5')]
    public void Names_lose_only_what_means_nothing(string name, char type, string expected, char expectedType)
    {
        var header = TarStream.First(TarStream.Header(name, type))!;

        Assert.Equal((expected, expectedType), (header.Name, header.Type));
    }

    [Fact]
    public void Links_and_directories_have_no_content_whatever_their_size_says()
    {
        foreach (var type in "123456")
            Assert.Equal(0, TarStream.First(TarStream.Header("name", type, "00000001000"))!.Bytes);
    }

    [Fact]
    public void What_would_change_foreign_entries_or_fill_the_memory_is_refused()
    {
        byte[][] refused =
        [
            TarStream.Extended('g', TarStream.Pax(("path", "all of them"))),
            TarStream.Header("extended", 'x', "00004000001"),
            [.. Enumerable.Repeat(TarStream.Extended('x', TarStream.Pax(("comment", new string('c', 1_000_000)))), 5).SelectMany(part => part)],
            TarStream.Extended('x', "11 path=a\0b"),
            TarStream.Extended('x', TarStream.Pax(("path", "a\0b"))),
            TarStream.Extended('x', "9999 path=x\n"),
            TarStream.Extended('x', "-5 path=x\n"),
            TarStream.Extended('x', "8 nokey\n"),
            TarStream.Extended('x', TarStream.Pax(("size", "-1"))),
            TarStream.Extended('x', TarStream.Pax(("size", "99999999999999999999"))),
            TarStream.Extended('x', TarStream.Pax(("mtime", "soon"))),
            TarStream.Extended('x', TarStream.Pax(("uid", "4294967296"))),
        ];

        foreach (var part in refused)
            Assert.Throws<InvalidDataException>(() => TarStream.First(part, TarStream.Header("file"), TarStream.End));
        Assert.NotNull(TarStream.First(TarStream.Extended('g', TarStream.Pax(("comment", "harmless"))), TarStream.Header("file"), TarStream.End));
    }

    [Fact]
    public void A_stream_ends_with_its_whole_end_mark_and_nothing_but_zeros_behind_it()
    {
        byte[] entry = [.. TarStream.Header("file", size: "00000000001\0"), .. new byte[512]];

        Assert.Equal(1, Count([.. entry, .. TarStream.End]));
        Assert.Equal(1, Count([.. entry, .. TarStream.End, .. new byte[9000]]));
        Assert.Equal(0, Count(TarStream.End));
        byte[][] refused =
        [
            [], entry, entry[..600], [.. entry, .. new byte[512]], [.. entry, .. new byte[1023]], [.. entry, .. TarStream.End, 1],
            [.. entry, .. new byte[512], .. entry, .. TarStream.End], [.. TarStream.Extended('x', ""), .. TarStream.End],
        ];
        foreach (var stream in refused)
            Assert.Throws<InvalidDataException>(() => Count(stream));
    }

    [Fact]
    public void A_changed_bit_in_a_header_is_found_by_its_checksum()
    {
        var header = TarStream.Header("file");
        for (var bit = 0; bit < 512 * 8; bit++)
        {
            var changed = header.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            // A blank, a NUL or a digit that only fills the checksum's own field may read the same.
            if (bit / 8 is < 148 or >= 156)
                Assert.Throws<InvalidDataException>(() => TarStream.First(changed));
        }
    }

    [Fact]
    public void Generated_streams_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(20261120);
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            try
            {
                Count(GeneratedStream(random));
                read++;
            }
            catch (InvalidDataException)
            {
                // That is the other permitted answer.
            }
        }
        Assert.InRange(read, 100, 19_000);
    }

    [Fact]
    public void Own_headers_are_read_back_as_they_were_meant()
    {
        var random = new Random(7);
        for (var i = 0; i < 2_000; i++)
        {
            var name = new string(random.GetItems("abc/é漢 .".AsSpan(), random.Next(1, 300))).Trim('/').Insert(0, "n");
            var size = random.NextInt64(1L << random.Next(1, 62));
            var attributes = new EntryAttributes(random.Next(4096), (int)random.NextInt64(uint.MaxValue), random.Next(), DateTimeOffset.FromUnixTimeSeconds(random.NextInt64(-1L << 34, 1L << 35)));

            var header = TarStream.First(TarRecords.ForFile(name, size, attributes))!;

            Assert.Equal((Latin1(name), size, attributes), (header.Name, header.Bytes, header.Attributes));
        }
    }

    private static string Latin1(string name) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(name));

    private static byte[] SparseExtension(bool more)
    {
        var record = new byte[512];
        record[504] = more ? (byte)1 : (byte)0;
        return record;
    }

    private static int Count(byte[] stream)
    {
        var parser = new TarParser(new MemoryStream(stream));
        var entries = 0;
        while (parser.Next() is not null)
            entries++;
        parser.SkipTrailer();
        return entries;
    }

    private static byte[] GeneratedStream(Random random)
    {
        List<byte> stream = [];
        for (var part = random.Next(4); part >= 0; part--)
            stream.AddRange(GeneratedPart(random));
        stream.AddRange(TarStream.End);
        if (random.Next(4) == 0)
            stream.RemoveRange(random.Next(stream.Count), 1);
        return [.. stream];
    }

    private static byte[] GeneratedPart(Random random)
    {
        string[] keys = ["path", "linkpath", "size", "mtime", "uid", "GNU.sparse.name", "GNU.sparse.map", "comment"];
        string[] values = ["", "1", "0", "-1", "1e400", "1e9", "12.5", "99999999999999999999", "a\0", "../x", "NaN"];
        var pax = TarStream.Pax((random.GetItems(keys, 1)[0], random.GetItems(values, 1)[0]), (random.GetItems(keys, 1)[0], random.GetItems(values, 1)[0]));
        var mutated = pax.ToCharArray();
        if (random.Next(3) == 0)
            mutated[random.Next(mutated.Length)] = (char)random.Next(256);
        return random.Next(5) switch
        {
            0 => TarStream.Extended("xgLK"[random.Next(4)], new string(mutated)),
            1 => TarStream.WithChecksum(Noise(random, 512)),
            2 => TarStream.Header("f", "01234567SDMVg"[random.Next(13)], change: record => random.NextBytes(record.AsSpan(random.Next(500), 8))),
            3 => Noise(random, random.Next(600)),
            _ => [.. TarStream.Header("file", size: "00000000010\0"), .. new byte[512]],
        };
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
