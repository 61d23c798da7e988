using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Processes;
using BackupSidecar.Targets.Extraction;

namespace BackupSidecar.Tests.Targets;

public sealed class OwnersTests
{
    private const ulong All = 0x1f;
    private const int Ordinary = 0x1a4;
    private const int SetUserId = 0x9ed;

    [Fact]
    public void Root_with_its_capabilities_keeps_every_owner()
    {
        var owners = new Owners("data", mayBeLost: false, new Capabilities(0, 0, All));

        owners.Add(File(999, 33, SetUserId));

        Assert.True(owners.AreKept);
        Assert.False(owners.HaveLostPrograms);
        Assert.Null(owners.Note);
    }

    [Fact]
    public void Root_without_them_stops_at_the_first_file_of_another_user_and_is_told_what_to_add()
    {
        var owners = new Owners("data", mayBeLost: false, new Capabilities(0, 0, 0));
        owners.Add(File(0, 0, SetUserId));

        var error = Assert.Throws<RestoreException>(() => owners.Add(File(999, 0, Ordinary)));

        Assert.Contains("(cap_add: [CHOWN, FOWNER, DAC_OVERRIDE, FSETID])", error.Message, StringComparison.Ordinal);
        Assert.Contains("'data' holds what belongs to user 999", error.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was touched", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u, "user 0 now: root of this container lacks CHOWN, FOWNER, DAC_OVERRIDE, FSETID (cap_add: [CHOWN, FOWNER, DAC_OVERRIDE, FSETID]).")]
    [InlineData(1000u, "user 1000 now: only root can give files away, with the capabilities CHOWN, FOWNER, DAC_OVERRIDE, FSETID.")]
    public void Who_goes_on_without_owners_is_told_of_users_and_of_groups(uint we, string end)
    {
        var owners = new Owners("data", mayBeLost: true, new Capabilities(we, we, 0));
        owners.Add(File(we, we, Ordinary));
        owners.Add(File(999, we, Ordinary));
        owners.Add(File(we, 33, Ordinary));

        Assert.False(owners.AreKept);
        Assert.StartsWith("2 in 'data' belonged to other users or groups.", owners.Note, StringComparison.Ordinal);
        Assert.EndsWith(end, owners.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000u, false)]
    [InlineData(999u, true)]
    public void A_program_that_would_run_in_the_name_of_another_user_is_noticed(uint owner, bool isLost)
    {
        var owners = new Owners("data", mayBeLost: false, new Capabilities(1000, 1000, 0));

        owners.Add(File(owner, 1000, SetUserId));

        Assert.Equal(isLost, owners.HaveLostPrograms);
    }

    private static EntryAttributes File(uint user, uint group, int mode) => new(mode, (int)user, (int)group, DateTimeOffset.UnixEpoch);
}
