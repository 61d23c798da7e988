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
    [InlineData(0u, Ordinary, 0u, 0u, 0x1ed, "")]
    [InlineData(0u, Ordinary, 999u, 33u, 0x5ed, "")]
    [InlineData(0u, 0ul, 0u, 0u, 0xded, "")]
    [InlineData(0u, 0ul, 999u, 999u, 0x1ed, "CHOWN,FOWNER,DAC_OVERRIDE")]
    [InlineData(0u, 0ul, 0u, 33u, 0x1ed, "CHOWN,FOWNER,DAC_OVERRIDE")]
    [InlineData(0u, 4ul, 999u, 999u, 0x5ed, "CHOWN,FOWNER,DAC_OVERRIDE,FSETID")]
    [InlineData(0u, 11ul, 999u, 999u, 0x5ed, "FSETID")]
    [InlineData(0u, 11ul, 999u, 999u, 0x1ed, "")]
    [InlineData(1000u, 0ul, 1000u, 1000u, 0x1ed, "")]
    [InlineData(1000u, 0ul, 1000u, 33u, 0x1ed, "CHOWN,FOWNER,DAC_OVERRIDE")]
    public void What_is_missing_to_give_something_back_is_named(uint we, ulong rights, uint user, uint group, int mode, string missing) =>
        Assert.Equal(missing, string.Join(',', new Capabilities(we, we, rights).MissingToGive(user, group, mode)));

    [Fact]
    public void Of_this_process_it_is_known_too() => Assert.Equal(Environment.IsPrivilegedProcess, Capabilities.Ours.IsRoot);
}
