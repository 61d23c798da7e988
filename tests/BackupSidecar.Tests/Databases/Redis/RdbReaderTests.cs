using BackupSidecar.Databases;
using BackupSidecar.Databases.Redis;

namespace BackupSidecar.Tests.Databases.Redis;

/// <summary>What real servers write is read in the integration tests; here is what they do not write here.</summary>
public sealed class RdbReaderTests
{
    [Fact]
    public async Task Keys_are_counted_for_each_database()
    {
        var content = await ReadAsync([.. Snapshot.Whole, .. Snapshot.Mark]);

        Assert.NotNull(content);
        Assert.Equal(new Dictionary<string, long> { ["db0"] = 2, ["db3"] = 1 }, content.Keys);
        Assert.Equal((3, 1), (content.AllKeys, content.Expiring));
    }

    [Fact]
    public async Task Hashes_with_times_to_live_and_values_of_modules_are_passed_over()
    {
        byte[] times = [24, 1, (byte)'h', .. new byte[8], 1, 5, 1, (byte)'f', 1, (byte)'v'];
        byte[] packed = [25, 1, (byte)'i', .. new byte[8], 2, 0xFF, 0xFF];
        byte[] module = [7, 1, (byte)'m', 0x81, 1, 2, 3, 4, 5, 6, 7, 8, 1, 9, 2, 9, 3, 0, 0, 0, 0, 4, .. new byte[8], 5, 1, 0xFF, 0];
        byte[] slot = [0xF4, 1, 2, 3];
        byte[] auxiliary = [0xF7, 0x81, 1, 2, 3, 4, 5, 6, 7, 8, 2, 2, 5, 1, (byte)'x', 0];

        var content = await ReadAsync([.. "VALKEY080"u8, .. auxiliary, 0xFE, 0, .. slot, .. times, .. packed, .. module, 0xFF]);

        Assert.Equal(3, content?.Keys["db0"]);
    }

    [Fact]
    public async Task What_only_newer_servers_know_gives_no_counts() =>
        Assert.Null(await ReadAsync([.. "REDIS0099"u8, 0xFE, 0, 26, 1, (byte)'a', 0xFF, 1, 2, 3]));

    [Fact]
    public async Task What_is_no_snapshot_or_ends_early_is_refused()
    {
        await Assert.ThrowsAsync<DumpFormatException>(() => ReadAsync([.. "PGDMP0010"u8, 0xFF]));
        for (var length = 0; length < Snapshot.Body.Length; length++)
            await Assert.ThrowsAsync<DumpFormatException>(() => ReadAsync(Snapshot.Body[..length]));
    }

    private static Task<RdbContent?> ReadAsync(byte[] bytes) =>
        PassingDump.ReadAsync(new MemoryStream(bytes), (_, _) => { }, RdbReader.Read, () => { }, TestContext.Current.CancellationToken);
}
