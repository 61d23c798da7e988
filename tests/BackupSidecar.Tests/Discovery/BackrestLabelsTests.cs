using BackupSidecar.Discovery;

namespace BackupSidecar.Tests.Discovery;

public sealed class BackrestLabelsTests
{
    [Theory]
    [InlineData("true", true, false)]
    [InlineData("True", false, true)]
    [InlineData("1", false, true)]
    [InlineData("yes", false, true)]
    [InlineData(" true ", false, true)]
    [InlineData("false", false, false)]
    [InlineData("", false, false)]
    public void Only_true_asks_for_a_plan_and_what_looks_like_it_is_seen(string text, bool enabled, bool looksEnabled)
    {
        var labels = new Dictionary<string, string> { ["backrest.enable"] = text };

        Assert.Equal(enabled, BackrestLabels.IsEnabled(labels));
        Assert.Equal(looksEnabled, BackrestLabels.LooksEnabled(labels));
    }

    [Fact]
    public void Lists_are_split_at_commas_and_trimmed_and_blank_labels_count_as_not_written()
    {
        var labels = Read(("backrest.paths.include", " /data , ,/logs"), ("backrest.repo", "  "), ("backrest.schedule", " T 2 * * * "), ("backrest.keep", ""));

        Assert.Equal(["/data", "/logs"], labels.Include);
        Assert.Equal("T 2 * * *", labels.Schedule);
        Assert.Null(labels.Repo);
        Assert.Null(labels.Keep);
    }

    [Fact]
    public void Commands_keep_the_order_of_the_label_and_one_with_a_comma_has_a_number()
    {
        var labels = Read(
            ("backrest.snapshot-start", "zebra, ant"),
            ("backrest.snapshot-start.10", "last"),
            ("backrest.snapshot-start.2", "mysql -e 'FLUSH a, b'"));

        Assert.Equal(["zebra", "ant", "mysql -e 'FLUSH a, b'", "last"], labels.SnapshotStart);
        Assert.Empty(labels.Unknown);
    }

    [Fact]
    public void Labels_that_mean_nothing_are_seen() =>
        Assert.Equal(
            ["backrest.path.include", "backrest.snapshot-start.first"],
            Read(("backrest.path.include", "/x"), ("backrest.snapshot-start.first", "x"), ("traefik.enable", "true"), ("backrest.quiesce", "true")).Unknown);

    private static BackrestLabels Read(params (string Key, string Value)[] labels) =>
        BackrestLabels.Read(labels.ToDictionary(label => label.Key, label => label.Value));
}
