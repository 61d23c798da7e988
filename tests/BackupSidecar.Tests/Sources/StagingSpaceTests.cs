using BackupSidecar.Archives;
using BackupSidecar.Sources;

namespace BackupSidecar.Tests.Sources;

public sealed class StagingSpaceTests
{
    private readonly string _folder = Path.GetTempPath();

    [Fact]
    public void What_does_not_fit_beside_the_others_is_refused_with_figures()
    {
        var space = new StagingSpace(_folder, limit: 100 << 20);
        space.Expect(60 << 20);

        var failure = Assert.Throws<SourceException>(() => space.Expect(50 << 20));
        space.Expect(40 << 20);

        Assert.Contains("needs about 50.0 MiB", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the copies of others 60.0 MiB", failure.Message, StringComparison.Ordinal);
        Assert.Contains("room for 100.0 MiB (BACKUP_STAGING_LIMIT)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dump_is_thought_to_take_a_tenth_of_the_database() =>
        Assert.Throws<SourceException>(() => new StagingSpace(_folder, limit: 1 << 20).ExpectDumpOf(11L << 20));

    [Fact]
    public void Without_a_limit_only_what_the_disk_has_counts()
    {
        var space = new StagingSpace(_folder, limit: null);

        space.Expect(1);
        var failure = Assert.Throws<SourceException>(() => space.Expect(1L << 60));

        Assert.Contains("BACKUP_STAGING_DIR", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dump_that_grows_beyond_the_limit_is_stopped_and_leaves_nothing()
    {
        var path = Path.Combine(_folder, $"staged-{Guid.NewGuid():N}");
        var space = new StagingSpace(_folder, limit: 2 << 20);
        var content = new byte[4 << 20];
        Random.Shared.NextBytes(content);

        var failure = Assert.Throws<IOException>(() =>
        {
            using var writer = new StagedFileWriter(path, new BackupSidecar.Configuration.ArchiveSettings(), space.Take, space.GiveBack);
            writer.Write(content);
            writer.Complete();
        });

        Assert.Contains("BACKUP_STAGING_LIMIT", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
        // What it had taken is there for the others again.
        space.Take(2 << 20);
    }
}
