using BackupSidecar.Databases;
using BackupSidecar.Databases.Mongo;

namespace BackupSidecar.Tests.Databases.Mongo;

public sealed class MongoArchiveTests
{
    [Fact]
    public async Task Documents_are_counted_for_each_collection() =>
        Assert.Equal(
            new Dictionary<string, long> { ["shop.orders"] = 3, ["shop.customers"] = 1, ["shop.empty"] = 0, ["shop.system.buckets.weather"] = 1 },
            await ReadAsync(MongoArchives.Whole));

    [Fact]
    public async Task An_archive_that_ends_early_is_refused_wherever_it_ends()
    {
        for (var length = 0; length < MongoArchives.Whole.Length; length++)
            await Assert.ThrowsAsync<DumpFormatException>(() => ReadAsync(MongoArchives.Whole[..length]));
    }

    [Fact]
    public async Task A_document_that_changed_on_its_way_is_noticed()
    {
        var damaged = MongoArchives.Whole.ToArray();
        damaged[Array.LastIndexOf(damaged, (byte)'x')] = (byte)'y';

        var failure = await Assert.ThrowsAsync<DumpFormatException>(() => ReadAsync(damaged));

        Assert.Contains("do not match their checksum", failure.Message);
    }

    [Fact]
    public async Task What_follows_the_end_is_not_overlooked() =>
        await Assert.ThrowsAsync<DumpFormatException>(() => ReadAsync([.. MongoArchives.Whole, 0xFF, 0xFF, 0xFF, 0xFF]));

    private static Task<IReadOnlyDictionary<string, long>> ReadAsync(byte[] bytes) =>
        PassingDump.ReadAsync(new MemoryStream(bytes), (_, _) => { }, MongoArchive.Read, () => { }, TestContext.Current.CancellationToken);
}
