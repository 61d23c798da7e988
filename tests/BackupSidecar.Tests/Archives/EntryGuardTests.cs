using BackupSidecar.Archives;
using BackupSidecar.Archives.Contents;

namespace BackupSidecar.Tests.Archives;

public sealed class EntryGuardTests
{
    [Theory]
    [InlineData("data")]
    [InlineData("data/a")]
    [InlineData("data/a b/c")]
    [InlineData("data/..a")]
    [InlineData("data/...")]
    [InlineData("data/\u00ff\u00fe\n")]
    public void A_name_below_the_root_may_be_unpacked(string name) =>
        Assert.Null(Guard().Judge(new EntryFacts(name, '0', "", 0)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("/data/a")]
    [InlineData("/etc/passwd")]
    [InlineData("../data")]
    [InlineData("data/../../etc/passwd")]
    [InlineData("data/..")]
    [InlineData("data/./a")]
    [InlineData("data//a")]
    [InlineData("data/a\0b")]
    [InlineData("other/a")]
    [InlineData("database")]
    public void A_name_that_leads_elsewhere_is_refused(string name)
    {
        Assert.Throws<BackupRefusedException>(() => Guard().Judge(new EntryFacts(name, '0', "", 0)));
        Assert.Throws<BackupRefusedException>(() => Guard().Judge(new EntryFacts("data/link", '1', name, 0)));
    }

    [Fact]
    public void A_name_longer_than_a_file_system_takes_is_refused()
    {
        Assert.Null(Guard().Judge(new EntryFacts("data/" + new string('x', 255), '0', "", 0)));
        Assert.Throws<BackupRefusedException>(() => Guard().Judge(new EntryFacts("data/" + new string('x', 256), '0', "", 0)));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../../..")]
    [InlineData("nowhere")]
    public void A_symbolic_link_may_point_anywhere_but_nothing_goes_through_it(string target)
    {
        var guard = Guard();

        Assert.Null(guard.Judge(new EntryFacts("data/link", '2', target, 0)));
        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/link/file", '0', "", 0)));
        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/link/a/b", '5', "", 0)));
        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/hard", '1', "data/link/shadow", 0)));
        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/link", '0', "", 0)));
        Assert.Null(guard.Judge(new EntryFacts("data/linked", '0', "", 0)));
    }

    [Fact]
    public void A_second_name_of_a_symbolic_link_is_no_way_through_either()
    {
        var guard = Guard();
        guard.Judge(new EntryFacts("data/link", '2', "/etc", 0));

        Assert.Null(guard.Judge(new EntryFacts("data/again", '1', "data/link", 0)));
        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/again/passwd", '0', "", 0)));
    }

    [Fact]
    public void A_root_that_is_a_symbolic_link_has_nothing_below_it()
    {
        var guard = Guard();
        guard.Judge(new EntryFacts("data", '2', "/etc", 0));

        Assert.Throws<BackupRefusedException>(() => guard.Judge(new EntryFacts("data/passwd", '0', "", 0)));
    }

    [Theory]
    [InlineData('3')]
    [InlineData('4')]
    public void Device_nodes_are_left_out(char type) =>
        Assert.Contains("device", Guard().Judge(new EntryFacts("data/sda", type, "", 0)), StringComparison.Ordinal);

    [Fact]
    public void A_pipe_is_restored_only_from_a_backup_that_somebody_vouches_for()
    {
        Assert.Null(Guard().Judge(new EntryFacts("data/pipe", '6', "", 0)));
        Assert.NotNull(Guard(isTrusted: false).Judge(new EntryFacts("data/pipe", '6', "", 0)));
    }

    [Theory]
    [InlineData('M')]
    [InlineData('V')]
    [InlineData('x')]
    [InlineData('8')]
    public void A_type_that_no_backup_has_is_refused(char type) =>
        Assert.Throws<BackupRefusedException>(() => Guard().Judge(new EntryFacts("data/a", type, "", 0)));

    [Fact]
    public void More_than_the_manifest_announces_is_refused()
    {
        var entries = Guard(limits: new EntryLimits(100, 2));
        entries.Judge(new EntryFacts("data", '5', "", 0));
        entries.Judge(new EntryFacts("data/a", '0', "", 100));
        var bytes = Guard(limits: new EntryLimits(100, 9));

        Assert.Throws<BackupRefusedException>(() => entries.Judge(new EntryFacts("data/b", '0', "", 0)));
        Assert.Throws<BackupRefusedException>(() => bytes.Judge(new EntryFacts("data/a", '0', "", 101)));
        Assert.Throws<BackupRefusedException>(() => Guard().Judge(new EntryFacts("data/a", '0', "", -1)));
    }

    [Fact]
    public void Whatever_comes_is_judged_or_refused_and_never_leads_out()
    {
        var random = new Random(20261120);
        string[] parts = ["data", "a", "..", ".", "", "\0", "\u00e9", "link", new string('y', 300)];
        for (var round = 0; round < 20_000; round++)
        {
            var guard = Guard();
            guard.Judge(new EntryFacts("data/link", '2', "/", 0));
            var name = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => parts[random.Next(parts.Length)]));
            var type = "0123456"[random.Next(7)];
            try
            {
                guard.Judge(new EntryFacts(name, type, "data/a", random.Next(-1, 10)));
            }
            catch (BackupRefusedException)
            {
                continue;
            }
            Assert.StartsWith("/base/data", Path.GetFullPath("/base/" + name), StringComparison.Ordinal);
            Assert.False(name.StartsWith("data/link/", StringComparison.Ordinal));
        }
    }

    private static EntryGuard Guard(bool isTrusted = true, EntryLimits? limits = null) =>
        new("data", limits ?? EntryLimits.None, isTrusted);
}
