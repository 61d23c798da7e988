using BackupSidecar.Stores;
using BackupSidecar.Stores.S3;

namespace BackupSidecar.Tests.Stores;

public sealed class PartPlanTests
{
    private static readonly Uri Anywhere = new("https://s3.example.com");

    [Fact]
    public void The_largest_object_that_s3_takes_fits_and_no_part_is_too_large()
    {
        var plan = PartPlan.For(Anywhere, null);

        var sizes = Enumerable.Range(1, PartPlan.MostParts).Select(plan.SizeOf).ToList();

        Assert.True(sizes.Sum() >= 5L << 40);
        Assert.All(sizes, size => Assert.InRange(size, 8L << 20, 5L << 30));
    }

    [Fact]
    public void The_first_8_GB_are_sent_in_small_parts()
    {
        var plan = PartPlan.For(Anywhere, null);

        Assert.Equal(8 << 20, plan.SizeOf(1000));
        Assert.Equal(16 << 20, plan.SizeOf(1001));
    }

    [Theory]
    [InlineData("https://s3.example.com", 32L << 20, 32L << 20)]
    [InlineData("https://account.r2.cloudflarestorage.com", null, 64L << 20)]
    [InlineData("https://account.r2.cloudflarestorage.com", 32L << 20, 32L << 20)]
    public void A_configured_size_and_servers_that_want_equal_parts_get_equal_parts(string endpoint, long? configured, long expected)
    {
        var plan = PartPlan.For(new Uri(endpoint), configured);

        Assert.Equal((expected, expected), (plan.SizeOf(1), plan.SizeOf(PartPlan.MostParts)));
    }

    [Fact]
    public void More_parts_than_s3_takes_are_refused_with_the_setting_that_helps()
    {
        var failure = Assert.Throws<StoreException>(() => new PartPlan(1 << 20).SizeOf(PartPlan.MostParts + 1));

        Assert.Contains("BACKUP_S3_PART_SIZE", failure.Message, StringComparison.Ordinal);
    }
}
