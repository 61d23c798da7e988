using BackupSidecar.Processes;

namespace BackupSidecar.Tests.Processes;

public sealed class CapabilitiesTests
{
    /// <summary>Docker's own choice for a container.</summary>
    private const ulong Ordinary = 0xa80425fb;

    [Fact]
    public void The_kernel_says_who_we_are()
    {
        var rights = Capabilities.Parse("Name:\tx\nUid:\t0\t1000\t0\t1000\nGid:\t0\t33\t0\t33\nGroups:\t4 24\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t0000000000000004\nCapBnd:\t00000000a80425fb\n");

        Assert.Equal(new Capabilities(1000, 33, 4), rights);
        Assert.True(rights.Has(Capability.DacReadSearch));
        Assert.False(rights.Has(Capability.Chown));
    }

    [Theory]
    [InlineData(0u, Ordinary, 0u, 0u, 0x1ed, true)]
    [InlineData(0u, Ordinary, 999u, 33u, 0x5ed, true)]
    [InlineData(0u, 0ul, 0u, 0u, 0xded, true)]
    [InlineData(0u, 0ul, 999u, 0u, 0x1ed, false)]
    [InlineData(0u, 0ul, 0u, 33u, 0x1ed, false)]
    [InlineData(0u, 1ul, 999u, 0u, 0x1ed, false)]
    [InlineData(0u, 11ul, 999u, 999u, 0x1ed, true)]
    [InlineData(0u, 11ul, 999u, 999u, 0x5ed, false)]
    [InlineData(0u, 11ul, 999u, 0u, 0x5ed, true)]
    [InlineData(1000u, 0ul, 1000u, 1000u, 0x5ed, true)]
    [InlineData(1000u, 0ul, 1000u, 33u, 0x1ed, false)]
    public void What_can_be_given_back_is_known(uint we, ulong rights, uint user, uint group, int mode, bool can) =>
        Assert.Equal(can, new Capabilities(we, we, rights).MayGiveBack(user, group, mode));

    [Theory]
    [InlineData(0u, 0ul, "lacks CHOWN, FOWNER, DAC_OVERRIDE, FSETID, which it needs")]
    [InlineData(0u, 2ul, "lacks CHOWN, FOWNER, FSETID, which it needs")]
    [InlineData(0u, Ordinary, "look at how it is mounted")]
    [InlineData(1000u, 0ul, "Let the folder belong to user 1000")]
    public void Where_a_restore_may_not_write_all_that_it_needs_is_named_at_once(uint we, ulong rights, string advice)
    {
        var ours = new Capabilities(we, we, rights);

        Assert.Contains(advice, ours.AdviceForRestore(new UnauthorizedAccessException()), StringComparison.Ordinal);
        Assert.Equal("", ours.AdviceForRestore(new IOException("Read-only file system", 30)));
    }

    [Fact]
    public void Of_this_process_it_is_known_too() => Assert.Equal(Environment.IsPrivilegedProcess, Capabilities.Ours.IsRoot);
}
