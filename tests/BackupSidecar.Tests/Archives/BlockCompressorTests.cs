using BackupSidecar.Archives.Compression;

namespace BackupSidecar.Tests.Archives;

public sealed class BlockCompressorTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(700, 5)]
    [InlineData(1024 * 1024, 1024 * 1024)]
    [InlineData(1024 * 1024 - 1, 3_500_000)]
    [InlineData(2_000_000, 1)]
    public void A_digest_is_of_what_was_written_between_its_beginning_and_its_end(int before, int within)
    {
        var content = Some.Bytes(within, seed: within);
        using var compressor = new BlockCompressor(Some.Plain(), Stream.Null);

        for (var i = 0; i < 3; i++)
        {
            compressor.Write(Some.Bytes(before));
            compressor.BeginDigest();
            compressor.Write(content.AsSpan(0, within / 3));
            compressor.Write(content.AsSpan(within / 3));
            Assert.Equal(Some.Digest(content), compressor.EndDigest());
        }
        compressor.Complete();
    }

    [Fact]
    public void What_is_put_into_its_room_counts_like_what_is_written()
    {
        using var packed = new MemoryStream();
        using var compressor = new BlockCompressor(Some.Plain(), packed);
        var content = Some.Bytes(3_000_000);

        for (var rest = content.AsSpan(); rest.Length > 0;)
        {
            var room = compressor.Room();
            var length = Math.Min(Math.Min(room.Length, rest.Length), 123_457);
            rest[..length].CopyTo(room);
            compressor.Advance(length);
            rest = rest[length..];
        }
        compressor.Complete();

        using var reader = new GzipReader(new MemoryStream(packed.ToArray()), workers: 2);
        using var read = new MemoryStream();
        reader.CopyTo(read);
        Assert.Equal(Some.Digest(content), Some.Digest(read.ToArray()));
    }
}
