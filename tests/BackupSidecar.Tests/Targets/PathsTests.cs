using BackupSidecar.Planning;
using BackupSidecar.Targets;

namespace BackupSidecar.Tests.Targets;

public sealed class PathsTests
{
    [Fact]
    public void A_private_folder_that_cannot_be_made_is_named_and_nothing_was_touched()
    {
        using var folder = new TemporaryFolder();
        folder.Write("staging", "a file in the way");

        var error = Assert.Throws<RestoreException>(() => Paths.MakePrivate(folder["staging", "x"]));

        Assert.Contains(folder["staging", "x"], error.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was touched", error.Message, StringComparison.Ordinal);
    }
}
