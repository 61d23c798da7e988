using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Commands;

/// <summary>Whether each database that asks by labels for its backup has one that is as fresh as its own schedule promises.</summary>
public sealed class LabelledHealthTests : IAsyncDisposable
{
    private const int TimeLimit = 60_000;

    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(3);
    private static readonly TimeSpan Lately = TimeSpan.FromHours(1);

    private readonly LabelledScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact(Timeout = TimeLimit)]
    public async Task One_that_was_only_just_discovered_has_time_until_its_first_run()
    {
        _scene.Database();
        await IsAsync(healthy: true, "shop-db-1 (postgres orders): no backup yet");

        _scene.Followed(Lately);
        await IsAsync(healthy: true, "shop-db-1 (postgres orders): no backup yet; the next is due at");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_that_was_never_backed_up_although_it_was_due_is_unhealthy_until_it_is()
    {
        _scene.Database();
        _scene.Followed(LongAgo);

        await IsAsync(healthy: false, "shop-db-1 (postgres orders) has never been backed up: the first backup was due at ", "backup-sidecar backup --container shop-db-1");
        _scene.Ran(RunOutcome.Succeeded, Lately);
        await IsAsync(healthy: true, "shop-db-1 (postgres orders): the last good backup is shop/postgres-orders-");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_whose_last_good_backup_is_too_old_is_unhealthy_and_others_do_not_stand_in_for_it()
    {
        _scene.Database();
        _scene.Database("blog");
        _scene.Followed(TimeSpan.FromDays(9));
        _scene.Followed(TimeSpan.FromDays(9), "blog");
        var last = _scene.Ran(RunOutcome.Succeeded, LongAgo);
        _scene.Ran(RunOutcome.Succeeded, Lately, "blog");

        await IsAsync(healthy: false, $"shop-db-1 (postgres orders): the last good backup is {last.Archive}; one was due at ");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_whose_last_run_failed_is_unhealthy_with_the_reason()
    {
        _scene.Database();
        _scene.Followed(LongAgo);
        _scene.Ran(RunOutcome.Succeeded, TimeSpan.FromHours(13));
        _scene.Ran(RunOutcome.Failed, Lately);

        await IsAsync(healthy: false, "shop-db-1 (postgres orders): its last backup failed at ", "the server said no");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_that_does_not_run_or_is_gone_alarms_nobody_and_one_that_has_just_come_up_has_its_grace()
    {
        var container = _scene.Database();
        _scene.Followed(LongAgo);

        container.Status = "exited";
        await IsAsync(healthy: true, "shop-db-1 (postgres orders): no backup yet; it is exited, and is backed up when it runs again");
        (container.Status, container.StartedAt) = ("running", _scene.Now.AddMinutes(-1));
        await IsAsync(healthy: true);
        container.StartedAt = _scene.Now - LongAgo;
        await IsAsync(healthy: false, "has never been backed up");
        _scene.Docker.Remove(container);
        await IsAsync(healthy: true, "No container asks by labels to be backed up");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_whose_labels_cannot_be_used_is_unhealthy()
    {
        _scene.Database().Labels["backup.cron"] = "sometimes";

        await IsAsync(healthy: false, "shop-db-1 asks by labels to be backed up, and is NOT: backup.cron");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task One_that_is_not_backed_up_because_it_claims_to_be_another_is_unhealthy()
    {
        var claimed = _scene.Database();
        var claiming = _scene.Docker.Add("claiming", "shop", "db");
        foreach (var (name, value) in claimed.Labels)
            claiming.Labels[name] = value;

        await IsAsync(healthy: false, "claiming asks by labels to be backed up, and is NOT: by its labels (shop/db/1) it is the same container as shop-db-1");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Where_the_engine_cannot_be_asked_nobody_is_watched()
    {
        _scene.Database();
        await _scene.Docker.GoDownAsync();

        await IsAsync(healthy: false, "No database with labels is backed up");
        var check = await _scene.Program.RunAsync("check");
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("FAIL", check.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Check_has_a_line_for_each()
    {
        _scene.Database();
        _scene.Database("blog");
        _scene.Followed(LongAgo);
        _scene.Followed(Lately, "blog");

        var check = await _scene.Program.RunAsync("check");

        Assert.Equal(2, check.ExitCode);
        Assert.Contains("  FAIL  shop-db-1 (postgres orders) has never been backed up", check.Output, StringComparison.Ordinal);
        Assert.Contains($"  ok    local ({_scene.Program.Path("store")})", check.Output, StringComparison.Ordinal);
        Assert.Contains("  ok    blog-db-1 (postgres orders): no backup yet; the next is due at", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", check.Everything, StringComparison.Ordinal);
    }

    private async Task IsAsync(bool healthy, params string[] words)
    {
        var ended = await _scene.Program.RunAsync("healthcheck");

        Assert.True((ended.ExitCode, ended.Errors) == (healthy ? 0 : 1, ""), ended.Everything);
        Assert.StartsWith(healthy ? "Healthy" : "Unhealthy", ended.Output, StringComparison.Ordinal);
        Assert.All(words, each => Assert.Contains(each, ended.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter22", ended.Output, StringComparison.Ordinal);
    }
}
