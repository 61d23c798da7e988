using BackupSidecar.Databases;

namespace BackupSidecar.Tests.Databases;

public sealed class Crc64Tests
{
    /// <summary>The catalogued check values of CRC-64/REDIS, CRC-64/XZ and CRC-64/NVME.</summary>
    [Fact]
    public void The_checksums_are_those_that_everybody_knows()
    {
        Assert.Equal(0xE9C6D914C4B8D9CA, Crc64.Jones.Append(0, "123456789"u8));
        Assert.Equal(0x995DC9BBDF1939FA, ~Crc64.Ecma.Append(ulong.MaxValue, "123456789"u8));
        Assert.Equal(0xAE8B14860A799888, ~Crc64.Nvme.Append(ulong.MaxValue, "123456789"u8));
    }

    [Fact]
    public void It_does_not_matter_where_the_bytes_are_cut()
    {
        var bytes = Enumerable.Range(0, 100).Select(i => (byte)(i * 37)).ToArray();
        var whole = Crc64.Jones.Append(0, bytes);

        for (var cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(whole, Crc64.Jones.Append(Crc64.Jones.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    }
}
