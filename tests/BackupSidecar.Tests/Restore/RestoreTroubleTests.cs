using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Sources;
using BackupSidecar.Targets;

namespace BackupSidecar.Tests.Restore;

/// <summary>Restores that must not begin, and what the next start does about those that were killed.</summary>
public sealed class RestoreTroubleTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_with_another_file_system_inside_is_refused_before_anything_stops(bool merge)
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("mkdir data/volume; mount -t tmpfs none data/volume; echo old > data/volume/a");
        await _scene.BackUpAsync();
        _scene.Folder.Shell("echo new > data/volume/a");

        var report = await _scene.RestoreAsync(new RestoreOptions { Merge = merge });

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains(_scene.Folder["data", "volume"], report.Problems[0], StringComparison.Ordinal);
        Assert.Contains("Nothing was touched", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal("new\n", _scene.Folder.Shell("cat data/volume/a"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task What_cannot_be_put_back_does_not_keep_the_rest_from_it_and_is_not_backed_up()
    {
        var data = _scene.AddDirectory("data");
        _scene.AddDirectory("more");
        _scene.Folder.Shell(
            "mount -t tmpfs none data; mkdir data/.backup-sidecar-old-7 more/.backup-sidecar-old-8; echo old > data/.backup-sidecar-old-7/a; "
            + "echo old > more/.backup-sidecar-old-8/a; mount -o remount,ro data");

        await new RestoreTargets(_scene.Engines, _scene.Settings.Paths.Staging, _scene.Log).RecoverAsync(_scene.Plan);

        Assert.Equal("a\n", _scene.Folder.Shell("ls -A more"));
        Assert.Contains(_scene.Log.Lines, line => line.StartsWith($"Error: What an interrupted restore left in {data}", StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<SourceException>(() => _scene.BackUpAsync());
        Assert.Contains(_scene.Folder["data", ".backup-sidecar-old-7"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mounted_file_that_a_killed_restore_had_half_overwritten_is_put_back()
    {
        _scene.Folder.Shell(
            "echo ha > app.cfg; mkdir staging/.backup-sidecar-restore-7.0; echo whole > staging/.backup-sidecar-restore-7.0/.before; "
            + "printf %s \"$PWD/app.cfg\" > staging/.backup-sidecar-restore-7.0/.place");

        await new RestoreTargets(_scene.Engines, _scene.Settings.Paths.Staging, _scene.Log).RecoverAsync(_scene.Plan);

        Assert.Equal("whole\n", _scene.Folder.Shell("cat app.cfg"));
        Assert.Empty(_scene.Leftovers());
    }

    [Fact]
    public async Task A_hook_that_refuses_ends_the_restore_with_its_words()
    {
        _scene.AddFile("data/a", "old");
        await _scene.BackUpAsync();

        var report = await _scene.RestoreAsync(confirm: () => throw new HookException("The pre-restore hook 1 failed."));

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal(["The pre-restore hook 1 failed."], report.Problems);
        Assert.Empty(_scene.Leftovers());
    }
}
