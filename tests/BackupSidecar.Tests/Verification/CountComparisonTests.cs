using BackupSidecar.Databases;
using BackupSidecar.Verification;

namespace BackupSidecar.Tests.Verification;

/// <summary>What a drill has counted, beside what the manifest says.</summary>
public sealed class CountComparisonTests
{
    [Fact]
    public void Equal_counts_are_no_problem()
    {
        var comparison = CountComparison.Of(Counts(("users", 3), ("log", 0)), new FoundCounts(Counts(("users", 3))));

        Assert.Null(comparison.Problem);
        Assert.Empty(comparison.Remarks);
    }

    [Theory]
    [InlineData(2, "users holds 2 instead of 3")]
    [InlineData(4, "users holds 4 instead of 3")]
    public void A_row_more_or_less_is_named(long found, string words)
    {
        var comparison = CountComparison.Of(Counts(("users", 3), ("log", 1)), new FoundCounts(Counts(("users", found), ("log", 1))));

        Assert.Equal($"1 of 2 counts differ from the manifest's: {words}", comparison.Problem);
    }

    [Fact]
    public void Of_many_that_differ_the_first_are_named()
    {
        var comparison = CountComparison.Of(Enumerable.Range(0, 9).ToDictionary(i => $"t{i}", _ => 1L), new FoundCounts(Counts()));

        Assert.StartsWith("9 of 9 counts differ from the manifest's: t0 holds nothing, because it is not there instead of 1;", comparison.Problem, StringComparison.Ordinal);
        Assert.EndsWith(", and 4 more", comparison.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_manifest_did_not_count_is_told_and_no_fault()
    {
        var extra = CountComparison.Of(Counts(("users", 3)), new FoundCounts(Counts(("users", 3), ("spatial_ref_sys", 8500))));
        var nothing = CountComparison.Of(Counts(), new FoundCounts(Counts(("users", 3))));

        Assert.Equal("the manifest has no counts for spatial_ref_sys, so these were not compared", Assert.Single(extra.Remarks));
        Assert.Contains("has no counts", Assert.Single(nothing.Remarks), StringComparison.Ordinal);
        Assert.Equal((null, null), (extra.Problem, nothing.Problem));
    }

    [Theory]
    [InlineData(2L, true)]
    [InlineData(null, true)]
    [InlineData(1L, false)]
    [InlineData(0L, false)]
    public void Keys_may_lack_whose_time_has_come_and_only_as_many_as_the_server_says(long? ranOut, bool isGood)
    {
        var comparison = CountComparison.Of(Counts(("db0", 10), ("db1", 4)), new FoundCounts(Counts(("db0", 9), ("db1", 3)), ranOut));

        Assert.Equal(isGood, comparison.Problem is null);
        if (isGood)
            Assert.Contains("2 keys are gone because their time to live has ended", Assert.Single(comparison.Remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_server_as_a_whole_there_may_be_more()
    {
        Assert.Null(CountComparison.AtLeast(Counts(("roles", 3)), new FoundCounts(Counts(("roles", 4)))).Problem);
        Assert.Contains("roles holds 2 instead of 3", CountComparison.AtLeast(Counts(("roles", 3)), new FoundCounts(Counts(("roles", 2)))).Problem, StringComparison.Ordinal);
    }

    private static Dictionary<string, long> Counts(params (string Name, long Count)[] counts) => counts.ToDictionary(each => each.Name, each => each.Count);
}
