using BackupSidecar.Configuration;
using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;

namespace BackupSidecar.Tests.Stores;

public sealed class PartPlanTests
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    [Theory]
    [InlineData(10_000, 5 * TiB)]
    [InlineData(1_000, 2 * TiB)]
    [InlineData(100, 200 * GiB)]
    public void Growing_parts_hold_the_largest_archives(int mostParts, long largest) =>
        Assert.True(Sizes(Plan(mostParts)).Sum() >= largest);

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000)]
    [InlineData(100)]
    public void Growing_parts_begin_small_never_shrink_and_never_get_too_large(int mostParts)
    {
        var sizes = Sizes(Plan(mostParts)).ToList();

        Assert.Equal(8 * MiB, sizes[0]);
        Assert.Equal(sizes.Order(), sizes);
        Assert.All(sizes, size => Assert.InRange(size, 5 * MiB, 5 * GiB));
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000)]
    public void A_growing_part_is_a_small_share_of_what_came_before(int mostParts)
    {
        // What is left to send when the archive is whole is at most one part.
        var sent = 0L;
        foreach (var size in Sizes(Plan(mostParts)))
        {
            Assert.True(size == 8 * MiB || size * 50 <= sent * 2, $"{size} after {sent}");
            sent += size;
        }
    }

    [Theory]
    [InlineData(10_000, 0L)]
    [InlineData(10_000, 1L)]
    [InlineData(10_000, (80_000 * MiB) - 1)]
    [InlineData(10_000, 80_000 * MiB)]
    [InlineData(10_000, 5 * TiB)]
    [InlineData(1_000, 8_000 * MiB)]
    [InlineData(1_000, 3 * TiB)]
    [InlineData(100, 100 * GiB)]
    public void Equal_parts_are_as_large_as_the_largest_archive_needs_and_hardly_larger(int mostParts, long largest)
    {
        var plan = Plan(mostParts, "https://account.r2.cloudflarestorage.com", largest);

        var size = Assert.Single(Sizes(plan).Distinct());

        Assert.InRange(size, 8 * MiB, 5 * GiB);
        Assert.True(size * mostParts >= largest);
        Assert.True(size == 8 * MiB || (size - MiB) * mostParts <= largest);
    }

    [Theory]
    [InlineData("https://s3.example.com")]
    [InlineData("https://account.eu.r2.cloudflarestorage.com")]
    public void A_configured_size_is_that_of_all_parts(string endpoint)
    {
        var settings = new S3StoreSettings { Bucket = "b", Endpoint = new Uri(endpoint), PartSize = 32 * MiB };

        var plan = PartPlan.For(settings, () => throw new InvalidOperationException("Nobody needs to know."));

        Assert.Equal([32 * MiB], Sizes(plan).Distinct());
    }

    [Fact]
    public void More_parts_than_the_server_takes_are_refused_with_the_setting_that_helps()
    {
        var failure = Assert.Throws<StoreException>(() => Plan(1_000).SizeOf(1_001));

        Assert.Contains("more than 1000 parts", failure.Message, StringComparison.Ordinal);
        Assert.Contains("BACKUP_S3_PART_SIZE", failure.Message, StringComparison.Ordinal);
    }

    private static PartPlan Plan(int mostParts, string endpoint = "https://s3.example.com", long largest = TiB) =>
        PartPlan.For(new S3StoreSettings { Bucket = "b", Endpoint = new Uri(endpoint), MostParts = mostParts }, () => largest);

    private static IEnumerable<long> Sizes(PartPlan plan) => Enumerable.Range(1, plan.MostParts).Select(plan.SizeOf);
}
