using BackupSidecar.Reports;
using BackupSidecar.Runs;

namespace BackupSidecar.Tests.Runs;

public sealed class RecoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_was_killed_is_told_of_exactly_once()
    {
        await using var scene = new BackupScene();
        var killed = Kill(scene);

        await scene.RunAsync();
        await scene.RunAsync();

        Assert.Equal([RunOutcome.Succeeded, RunOutcome.Succeeded, RunOutcome.Interrupted], scene.History.ReadNewestFirst().Select(report => report.Outcome));
        Assert.Equal(killed, scene.History.ReadNewestFirst().Last().RunId);
        Assert.Equal(3, scene.Told.Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_told_of_also_if_those_who_took_the_lock_next_died_or_told_nobody()
    {
        await using var scene = new BackupScene();
        var killed = Kill(scene);
        (await RunLock.TakeAsync(scene.Settings.Paths.State, "start of the program", Cancellation)).Dispose();
        var alsoKilled = Kill(scene);

        using var held = await RunLock.TakeAsync(scene.Settings.Paths.State, "start of the program", Cancellation);
        await scene.RecoverAsync(held);

        Assert.Equal(new[] { killed, alsoKilled }.Order(), scene.History.ReadNewestFirst().Select(report => report.RunId).Order());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_was_killed_after_all_was_done_keeps_the_end_that_it_had()
    {
        await using var scene = new BackupScene();
        var report = await scene.RunAsync();
        Kill(scene, report.RunId);

        using var held = await RunLock.TakeAsync(scene.Settings.Paths.State, "start of the program", Cancellation);
        await scene.RecoverAsync(held);

        Assert.Equal(RunOutcome.Succeeded, Assert.Single(scene.History.ReadNewestFirst()).Outcome);
    }

    /// <summary>Leaves the lock as a killed holder does, with whatever stood in it before.</summary>
    private static Guid Kill(BackupScene scene, Guid? run = null)
    {
        var id = run ?? Guid.NewGuid();
        var file = scene["state", "run.lock"];
        var before = File.Exists(file) ? File.ReadAllText(file) : "";
        File.WriteAllText(file, $"{RunPurpose.Of(RunKind.Backup, id)}\n{before}");
        return id;
    }
}
