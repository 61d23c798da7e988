using BackupSidecar.Backrest.Plans;
using BackupSidecar.Docker;
using static BackupSidecar.Tests.Backrest.PlanScene;

namespace BackupSidecar.Tests.Backrest;

public sealed class HostPathsTests
{
    private static readonly ContainerMount[] Nested = [Bind("/srv", "/data"), Volume("deep", "/data/deep"), Bind("/srv/x", "/data/deep/er")];

    [Theory]
    [InlineData("/data", "/srv")]
    [InlineData("/data/a", "/srv/a")]
    [InlineData("/data/deep", "/var/lib/docker/volumes/deep/_data")]
    [InlineData("/data/deep/a/b", "/var/lib/docker/volumes/deep/_data/a/b")]
    [InlineData("/data/deep/er/c", "/srv/x/c")]
    [InlineData("/data/deeper", "/srv/deeper")]
    [InlineData("/elsewhere", "/elsewhere")]
    public void Of_nested_mounts_the_innermost_decides(string path, string host)
    {
        Assert.Equal(host, new HostPaths(Nested, new HostPathOptions()).Map(path));
        Assert.Equal(host, new HostPaths([.. Nested.Reverse()], new HostPathOptions()).Map(path));
    }

    [Theory]
    [InlineData("/data", new[] { "/var/lib/docker/volumes/deep/_data", "/srv/x" })]
    [InlineData("/data/deep", new[] { "/srv/x" })]
    [InlineData("/data/deep/er", new string[0])]
    [InlineData("/data/de", new string[0])]
    public void What_is_mounted_below_a_path_belongs_to_it(string path, string[] places) =>
        Assert.Equal(places, new HostPaths([.. Nested, Bind("/var/run/docker.sock", "/data/docker.sock")], new HostPathOptions()).MountedBelow(path));

    [Fact]
    public void What_lies_in_memory_has_no_place_on_the_host() =>
        Assert.Null(new HostPaths([Bind("/srv", "/data"), new ContainerMount { Type = "tmpfs", Destination = "/data/tmp" }], new HostPathOptions()).Map("/data/tmp/x"));

    [Theory]
    [InlineData("/config", "/var/lib/docker/volumes/backrest-config/_data")]
    [InlineData("/config/a", "/var/lib/docker/volumes/backrest-config/_data/a")]
    public void The_example_of_the_original_holds(string path, string host) =>
        Assert.Equal(host, new HostPaths([Volume("backrest-config", "/config")], new HostPathOptions()).Map(path));

    [Fact]
    public void Volumes_are_named_as_Backrest_sees_them()
    {
        var options = new HostPathOptions { VolumePrefix = "/docker_volumes/" };
        var moved = Volume("data", "/data") with { Source = "/mnt/docker/volumes/data/_data" };
        var plugin = Volume("net", "/net") with { Source = "/plugins/abc/net" };

        Assert.Equal("/docker_volumes/data/_data/a", new HostPaths([Volume("data", "/data")], options).Map("/data/a"));
        Assert.Equal("/docker_volumes/data/_data", new HostPaths([moved], options).Map("/data"));
        Assert.Equal("/plugins/abc/net/a", new HostPaths([plugin], options).Map("/net/a"));
    }

    [Fact]
    public void Where_the_engine_keeps_its_volumes_elsewhere_it_is_believed() =>
        Assert.Equal(
            "/mnt/docker/volumes/data/_data",
            new HostPaths([Volume("data", "/data") with { Source = "/mnt/docker/volumes/data/_data" }], new HostPathOptions()).Map("/data"));

    [Fact]
    public void Derived_paths_leave_out_what_is_no_data_and_tell_of_volumes_without_a_name()
    {
        var anonymous = new string('b', 64);
        var host = new HostPaths(
            [
                Volume("data", "/data"), Bind("/srv/app", "/app"), Bind("/var/run/docker.sock", "/var/run/docker.sock"), Bind("/run/other.sock", "/x"),
                Bind("/etc/localtime", "/etc/localtime"), Bind("/proc", "/host/proc"), Bind("/", "/rootfs"), Bind("/srv/my.sock", "/my.sock"),
                new ContainerMount { Type = "tmpfs", Destination = "/tmp" }, Volume(anonymous, "/cache"),
            ],
            new HostPathOptions());

        Assert.Equal(["/var/lib/docker/volumes/data/_data", "/srv/app"], host.Derive());
        var (unnamed, ofTheSystem) = host.LeftOut([]);
        Assert.Equal(["/cache"], unnamed);
        Assert.Equal(["/rootfs"], ofTheSystem);
    }

    [Fact]
    public void Folders_of_the_host_can_be_left_out() =>
        Assert.Equal(
            ["/var/lib/docker/volumes/data/_data"],
            new HostPaths([Volume("data", "/data"), Bind("/srv/app", "/app")], new HostPathOptions { ExcludeBindMounts = true }).Derive());

    [Theory]
    [InlineData("/data/cache/*", "/srv/cache/*")]
    [InlineData("/data/deep/**/x", "/var/lib/docker/volumes/deep/_data/**/x")]
    [InlineData("/odd/a*", @"/srv/\[odd]/a*")]
    [InlineData("/data/deep/../cache/*", "/srv/cache/*")]
    [InlineData("*.log", "*.log")]
    [InlineData("node_modules", "node_modules")]
    [InlineData("/nowhere/x", "/nowhere/x")]
    [InlineData("!/data/cache/keep", "!/srv/cache/keep")]
    [InlineData("!*.log", "!*.log")]
    public void Patterns_are_mapped_as_paths_are(string pattern, string host) =>
        Assert.Equal(host, new HostPaths([.. Nested, Bind("/srv/[odd]", "/odd")], new HostPathOptions()).MapPattern(pattern));
}
