using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Processes;

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

    [Theory]
    [InlineData("/backups", "/source/proj/backups /backups")]
    [InlineData("/backups/shop", "/source/proj/backups/shop /backups/shop")]
    [InlineData("/source/proj/backups", "/source/proj/backups /backups")]
    [InlineData("/source/proj/db", "/source/proj/db")]
    [InlineData("/elsewhere", "/elsewhere")]
    public void What_is_mounted_twice_has_several_names(string path, string names) =>
        Assert.Equal(names.Split(' ').Order(), MountTable.Parse(
            """
            22 1 0:9 / / rw - overlay none rw
            30 22 254:0 /home/me/proj /source/proj rw - ext4 /dev/vda rw
            31 22 254:0 /home/me/proj/backups /backups rw - ext4 /dev/vda rw
            32 22 254:0 /home/me/proj-2 /other rw - ext4 /dev/vda rw
            33 22 254:0 /home/me/proj/db /db rw - ext4 /dev/vda rw
            34 30 0:26 / /source/proj/db rw - tmpfs none rw
            35 22 0:27 / /db rw - tmpfs none rw
            """).NamesOf(path).Order());

    [Fact]
    public void Whatever_the_table_looks_like_it_is_read()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(80)).Select(_ => @" \0477/abc-"[random.Next(11)])]).Replace('-', '\n');
            Assert.NotNull(MountTable.Parse(text).Below("/"));
            Assert.Contains("/abc", MountTable.Parse(text).NamesOf("/abc"));
        }
    }
}
