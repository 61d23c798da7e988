using BackupSidecar.Docker;

namespace BackupSidecar.Tests.Docker;

public sealed class OwnContainerTests
{
    private const string Id = "a95a5b46842dc16cbe08430ed9743375f52233ab1ccffd5fb35279ec17b3376b";
    private const string Other = "ffffffff842dc16cbe08430ed9743375f52233ab1ccffd5fb35279ec17b3376b";

    private const string Inside =
        "159 60 0:42 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X\n" +
        "219 159 254:0 /var/lib/docker/containers/" + Id + "/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw\n" +
        "220 159 254:0 /var/lib/docker/containers/" + Id + "/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw\n";

    private const string OnTheHost =
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n" +
        "300 27 0:50 / /var/lib/docker/containers/" + Other + "/mounts/shm rw,nosuid - tmpfs shm rw\n";

    private const string WithAForeignFolderMounted =
        "221 159 254:0 /var/lib/docker/containers/" + Other + "/logs /logs ro,relatime - ext4 /dev/vda rw\n" + Inside;

    [Theory]
    [InlineData(Inside, Id)]
    [InlineData(WithAForeignFolderMounted, Id)]
    [InlineData(OnTheHost, null)]
    [InlineData("", null)]
    [InlineData("1 2 3 /containers/short/hostname /etc/hostname", null)]
    public void The_mounts_tell_which_container_we_are_in(string mountInfo, string? expected) =>
        Assert.Equal(expected, OwnContainer.FromMountInfo(mountInfo));

    [Theory]
    [InlineData("8:pids:/docker/" + Id + "\n0::/docker/" + Id + "\n", Id)]
    [InlineData("8:pids:/system.slice/docker-" + Id + ".scope\n", Id)]
    [InlineData("11:cpu:/docker/" + Other + "/docker/" + Id, Id)]
    [InlineData("0::/\n", null)]
    [InlineData("9:name=systemd:/user.slice/user-0.slice\n", null)]
    [InlineData("", null)]
    public void Groups_of_version_1_tell_it_too(string cgroup, string? expected) =>
        Assert.Equal(expected, OwnContainer.FromCgroup(cgroup));

    [Fact]
    public void No_text_makes_it_fail()
    {
        var random = new Random(20260301);
        var alphabet = "0123456789abcdef/ \n:.-scopedockercontainersetchostname";
        for (var round = 0; round < 20_000; round++)
        {
            var text = (Inside + OnTheHost).ToCharArray();
            for (var change = 0; change < 5; change++)
                text[random.Next(text.Length)] = alphabet[random.Next(alphabet.Length)];

            Assert.True((OwnContainer.FromMountInfo(new string(text)) ?? Id).Length == 64);
            Assert.True((OwnContainer.FromCgroup(new string(text)) ?? Id).Length == 64);
        }
    }
}
