using BackupSidecar.Stores;
using BackupSidecar.Tests.Targets;
using BackupSidecar.Verification;

namespace BackupSidecar.Tests.Verification;

public sealed class SpoolChecksumTests
{
    /// <summary>The catalogued values of "123456789"; that of CRC-64/NVME is what AWS gives as "rosUhgp5mIg=".</summary>
    [Theory]
    [InlineData((int)ChecksumKind.Md5, "25f9e794323b453885f5181f1b624d0b")]
    [InlineData((int)ChecksumKind.Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")]
    [InlineData((int)ChecksumKind.Crc32C, "e3069283")]
    [InlineData((int)ChecksumKind.Crc64Nvme, "ae8b14860a799888")]
    public async Task The_checksums_are_those_that_everybody_knows(int kind, string expected)
    {
        using var folder = new TemporaryFolder();
        using var spool = new Spool(folder.Root, ".spool.partial", fallbackDirectory: null);
        spool.Writer.Write("123456789"u8);
        spool.Seal();

        var computed = await SpoolChecksum.ComputeAsync(spool, (ChecksumKind)kind, TestContext.Current.CancellationToken);

        Assert.Equal(expected, Convert.ToHexStringLower(computed));
    }
}
