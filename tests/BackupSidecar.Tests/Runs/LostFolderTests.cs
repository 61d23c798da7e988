using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Archives;
using BackupSidecar.Tests.Stores;

namespace BackupSidecar.Tests.Runs;

/// <summary>The volume of the local store is not mounted, and what is seen in its place is the empty folder under it.</summary>
public sealed class LostFolderTests
{
    [Fact(Timeout = 60_000)]
    public async Task The_other_store_gets_its_copy_and_not_a_byte_is_written_under_the_mount_point()
    {
        await using var scene = new BackupScene();
        await scene.RunAsync();
        Host.Bash("mv store volume; mkdir store", scene[""]);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains($"The local store ({scene.Local.Folder}) cannot be used: {scene.Local.Folder} was used before and is empty now: is its volume mounted?", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(scene["store"]));
        Assert.Empty(Directory.GetFileSystemEntries(scene.Settings.Paths.Staging));
        Assert.Equal(["s3 complete", "s3 complete"], await scene.ListAsync());
        Host.Bash("rmdir store; mv volume store", scene[""]);
        Assert.Equal(RunOutcome.Succeeded, (await scene.RunAsync()).Outcome);
        Assert.Equal(RunOutcome.Succeeded, (await scene.VerifyAsync()).Outcome);
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_there_is_no_other_store_nothing_is_stopped()
    {
        await using var scene = new BackupScene();
        await scene.RunAsync();
        scene.Forget();
        scene.Far.BeforeProbe = () => throw new StoreException("no route to host");
        Host.Bash("mv store volume; mkdir store", scene[""]);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.NotStarted, report.Outcome);
        Assert.Empty(scene.Daemon.Changes);
        Assert.Empty(Directory.GetFileSystemEntries(scene["store"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_real_volume_that_is_unmounted_and_mounted_again()
    {
        await using var scene = new BackupScene();
        using var volume = new SmallFileSystem();
        // Bound to its place as Docker does it; the small file system itself stays.
        Host.Bash($"mkdir store; mount --bind '{volume.Path}' store", scene[""]);
        Assert.Equal(RunOutcome.Succeeded, (await scene.RunAsync()).Outcome);
        Host.Bash("umount store", scene[""]);

        var unmounted = await scene.RunAsync();
        Assert.Empty(Directory.GetFileSystemEntries(scene["store"]));
        Host.Bash($"mount --bind '{volume.Path}' store", scene[""]);
        var mounted = await scene.RunAsync();

        Assert.Equal((RunOutcome.Partial, RunOutcome.Succeeded), (unmounted.Outcome, mounted.Outcome));
        Assert.True(File.Exists(Path.Combine(volume.Path, BackupScene.Name, OwnNames.StoreMark)));
        Assert.Equal(RunOutcome.Succeeded, (await scene.VerifyAsync()).Outcome);
    }
}
