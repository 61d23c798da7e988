using BackupSidecar.Configuration;
using BackupSidecar.Sources;

namespace BackupSidecar.Tests.Sources;

public sealed class StagingTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("backup-sidecar-staging-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void It_is_private_and_goes_with_all_that_it_holds()
    {
        var parent = Path.Combine(_root, "not", "there", "yet");

        var staging = Create(parent);
        File.WriteAllText(staging.NewPath(), "dump");
        Assert.NotEqual(staging.NewPath(), staging.NewPath());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(staging.Directory));
        staging.Dispose();

        Assert.Empty(Directory.GetFileSystemEntries(parent));
    }

    [Fact]
    public void A_living_run_is_left_alone()
    {
        using var living = Create(_root);
        File.WriteAllText(living.NewPath(), "dump");

        using var other = Create(_root);

        Assert.Equal(2, Directory.GetFiles(living.Directory).Length);
    }

    [Fact]
    public void What_a_killed_run_left_is_removed()
    {
        var left = Path.Combine(_root, $".backup-sidecar-staging-{Guid.NewGuid():N}");
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "lock"), "");
        File.WriteAllText(Path.Combine(left, "file-1"), "half a dump");

        using var staging = Create(_root);

        Assert.False(Directory.Exists(left));
    }

    [Fact]
    public void Who_does_not_hold_the_run_lock_removes_nothing()
    {
        var beginning = Path.Combine(_root, $".backup-sidecar-staging-{Guid.NewGuid():N}");
        Directory.CreateDirectory(beginning);
        File.WriteAllText(Path.Combine(beginning, "lock"), "");

        using var staging = Staging.Create(_root, Guid.NewGuid());

        Assert.True(Directory.Exists(beginning));
    }

    [Fact]
    public void What_is_not_ours_stays()
    {
        string[] others = ["2026-11-20-030000", ".backup-sidecar-staging-mine", "backup", $".backup-sidecar-staging-{Guid.NewGuid():N}"];
        foreach (var other in others)
            Directory.CreateDirectory(Path.Combine(_root, other));
        File.WriteAllText(Path.Combine(_root, others[^1], "something"), "");

        using var staging = Create(_root);

        Assert.All(others, other => Assert.True(Directory.Exists(Path.Combine(_root, other))));
    }

    [Fact]
    public void What_a_run_left_that_was_killed_before_it_made_its_lock_is_removed()
    {
        var left = Path.Combine(_root, $".backup-sidecar-staging-{Guid.NewGuid():N}");
        Directory.CreateDirectory(left);

        using var staging = Create(_root);

        Assert.False(Directory.Exists(left));
    }

    [Fact]
    public void Who_begins_while_the_holder_of_the_run_lock_removes_what_is_left_gets_a_directory()
    {
        var runLock = new Lock();
        Parallel.For(0, 4_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            using var staging = i % 4 == 0 ? CreateWithRunLock() : Staging.Create(_root, Guid.NewGuid());
            Assert.True(Directory.Exists(staging.Directory));
        });

        Staging CreateWithRunLock()
        {
            lock (runLock)
                return Create(_root);
        }
    }

    [Fact]
    public void A_leftover_without_a_lock_goes_after_a_day()
    {
        var left = Path.Combine(_root, $".backup-sidecar-staging-{Guid.NewGuid():N}");
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "dump"), "");
        Directory.SetLastWriteTimeUtc(left, DateTime.UnixEpoch);

        using var staging = Create(_root);

        Assert.False(Directory.Exists(left));
    }

    [Fact]
    public void A_place_that_cannot_be_used_is_named_with_its_setting()
    {
        File.WriteAllText(Path.Combine(_root, "file"), "");

        var failure = Assert.Throws<ConfigurationException>(() => Create(Path.Combine(_root, "file")));

        Assert.Contains("BACKUP_STAGING_DIR", failure.Message);
        Assert.Contains(Path.Combine(_root, "file"), failure.Message);
    }

    private static Staging Create(string parent) => Staging.Create(parent, Guid.NewGuid(), sweepAt: DateTimeOffset.UtcNow);
}
