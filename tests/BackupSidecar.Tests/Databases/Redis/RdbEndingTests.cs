using BackupSidecar.Databases;
using BackupSidecar.Databases.Redis;

namespace BackupSidecar.Tests.Databases.Redis;

public sealed class RdbEndingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void The_true_end_is_found_with_and_without_a_mark_behind_it(int chunk)
    {
        foreach (var body in new byte[][] { Snapshot.Body, [.. "REDIS0010"u8, 0xFF], [.. Snapshot.Body[..^1], .. new byte[500], 0xFF] })
        {
            var whole = Snapshot.WithChecksum(body);
            Assert.Equal((true, Convert.ToHexString(whole)), Pass(whole, chunk));
            Assert.Equal((true, Convert.ToHexString(whole)), Pass([.. whole, .. Snapshot.Mark], chunk));
        }
    }

    [Fact]
    public void Without_checksums_of_the_server_the_form_is_all_there_is()
    {
        byte[] whole = [.. Snapshot.Body, 0, 0, 0, 0, 0, 0, 0, 0];

        Assert.Equal((false, Convert.ToHexString(whole)), Pass(whole, 10));
        Assert.Equal((false, Convert.ToHexString(whole)), Pass([.. whole, .. Snapshot.Mark], 10));
    }

    [Fact]
    public void What_ends_anywhere_else_is_not_whole()
    {
        byte[] sent = [.. Snapshot.Whole, .. Snapshot.Mark];

        for (var length = 0; length < sent.Length; length++)
        {
            if (length != Snapshot.Whole.Length)
                Assert.Throws<DumpFormatException>(() => Pass(sent[..length], 16));
        }
    }

    [Fact]
    public void A_wrong_byte_anywhere_is_noticed()
    {
        for (var i = 0; i < Snapshot.Whole.Length; i++)
        {
            var damaged = Snapshot.Whole.ToArray();
            damaged[i] ^= 4;
            Assert.Throws<DumpFormatException>(() => Pass([.. damaged, .. Snapshot.Mark], 16));
        }
    }

    private static (bool IsProved, string Passed) Pass(byte[] sent, int chunk)
    {
        using var passed = new MemoryStream();
        var ending = new RdbEnding(passed);
        foreach (var piece in sent.Chunk(chunk))
            ending.Take(piece, piece.Length);
        return (ending.Complete(), Convert.ToHexString(passed.ToArray()));
    }
}
