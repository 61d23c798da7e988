using BackupSidecar.Targets.Swapping;

namespace BackupSidecar.Tests.Targets;

public sealed class MountTableTests
{
    private const string Table =
        """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        30 22 0:26 / /data rw - tmpfs none rw
        31 30 0:27 / /data/with\040space\134 ro shared:1 - tmpfs none rw
        32 22 0:28 / /database rw - tmpfs none rw
        """;

    [Fact]
    public void Mounts_below_a_directory_are_found_by_their_real_names()
    {
        Assert.Equal([@"/data/with space\"], MountTable.Parse(Table).Below("/data/"));
        Assert.Empty(MountTable.Parse(Table).Below("/database"));
    }

    [Theory]
    [InlineData("/data", true)]
    [InlineData("/data/", true)]
    [InlineData("/dat", false)]
    public void A_mount_point_is_known(string path, bool expected) => Assert.Equal(expected, MountTable.Parse(Table).IsMountPoint(path));

    [Theory]
    [InlineData("/backups-local", true)]
    [InlineData("/database", false)]
    [InlineData("/data/below/it", false)]
    [InlineData("/database-of-ours", true)]
    public void What_is_on_no_volume_goes_with_the_container(string path, bool goes)
    {
        var inContainer = Table.Replace("ext4 /dev/vda", "overlay overlay", StringComparison.Ordinal);

        Assert.Equal(goes, MountTable.Parse(inContainer).GoesWithTheContainer(path));
        Assert.False(MountTable.Parse(Table).GoesWithTheContainer(path));
    }

    [Fact]
    public void Whatever_the_table_looks_like_it_is_read()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(80)).Select(_ => @" \0477/abc-"[random.Next(11)])]).Replace('-', '\n');
            Assert.NotNull(MountTable.Parse(text).Below("/"));
        }
    }
}
