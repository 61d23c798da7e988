using BackupSidecar.Configuration;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Restore;

/// <summary>Services stand still exactly while targets change, and run afterwards, whatever happened.</summary>
public sealed class ServicesTests : IAsyncLifetime
{
    private readonly RestoreScene _scene = new();
    private readonly FakeDockerDaemon _docker = new();

    public ValueTask InitializeAsync()
    {
        _docker.Add("app-1", "shop", "app");
        _docker.Add("worker-1", "shop", "worker");
        _scene.Settings = _scene.Settings with
        {
            Services = new ServiceSettings
            {
                Stop = ["app", "worker"],
                ComposeProject = "shop",
                DockerHost = _docker.Host,
                StopWait = TimeSpan.Zero,
                StartWait = TimeSpan.Zero,
            },
        };
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _docker.DisposeAsync();
        _scene.Dispose();
    }

    [Fact]
    public async Task Services_are_stopped_before_the_first_change_and_started_after_the_last()
    {
        var file = _scene.AddFile("data/a", "old");
        await _scene.BackUpAsync();
        await File.WriteAllTextAsync(file, "new", TestContext.Current.CancellationToken);
        var seen = new List<string>();
        _docker.OnStop = _ => seen.Add(File.ReadAllText(file));

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal(["new", "new"], seen);
        Assert.Equal("old", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["stop app-1", "stop worker-1", "start worker-1", "start app-1"], _docker.Changes);
        Assert.NotNull(report.ServicesStoppedFor);
    }

    [Fact]
    public async Task Services_run_again_after_a_restore_that_failed_half_way()
    {
        var file = _scene.AddFile("data/a", "old");
        _scene.AddFile("locked/b", "old");
        await _scene.BackUpAsync();
        await File.WriteAllTextAsync(file, "new", TestContext.Current.CancellationToken);
        _docker.OnStop = _ => _scene.Folder.Shell("chattr +i locked/b");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Equal("new", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["stop app-1", "stop worker-1", "start worker-1", "start app-1"], _docker.Changes);
    }

    [Fact]
    public async Task A_damaged_archive_stops_nothing()
    {
        _scene.AddFile("data/a", "old");
        var archive = await _scene.BackUpAsync();
        _scene.Folder.Shell($"truncate --size=-1 store/shop/{archive.FileName}");

        var report = await _scene.RestoreAsync();

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Empty(_docker.Changes);
    }

    [Fact]
    public async Task Unpacking_elsewhere_stops_nothing()
    {
        _scene.AddFile("data/a", "old");
        await _scene.BackUpAsync();

        await _scene.RestoredAsync(new() { ToDirectory = _scene.Folder["look"] });

        Assert.Empty(_docker.Changes);
    }
}
