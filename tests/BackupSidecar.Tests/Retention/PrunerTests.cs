using BackupSidecar.Configuration;
using BackupSidecar.Retention;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Retention;

public sealed class PrunerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly MemoryStore _store = new();
    private readonly LogRecorder _log = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task The_manifest_goes_before_its_archive()
    {
        var result = await PruneAsync(PlanFor(3, keep: 2));

        Assert.Equal(["read a3.manifest.json", "delete a3.manifest.json", "delete a3"], _store.Journal);
        Assert.Equal(["a1", "a1.manifest.json", "a2", "a2.manifest.json"], _store.Names);
        Assert.Equal((2, 1), (result.Kept, result.Removed));
        Assert.Empty(result.Problems);
    }

    [Theory]
    [InlineData("local", "Local retention: kept 2 backups, deleted 3 backups")]
    [InlineData("s3", "S3 retention: kept 2 backups, deleted 3 backups")]
    public async Task The_log_tells_how_many_were_kept_and_deleted(string name, string expected)
    {
        using var store = new MemoryStore { Name = name };
        var plan = PlanFor(5, keep: 2, store);

        await new Pruner(TimeProvider.System, _log).ApplyAsync(store, plan, force: false, TestContext.Current.CancellationToken);

        Assert.Equal(expected, Assert.Single(_log.Lines(LogLevel.Information)));
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_deleted_leaves_its_backup_whole_and_the_others_go()
    {
        var plan = PlanFor(5, keep: 2);
        _store.Before = words => FailAt(words, "delete a4.manifest.json");

        var result = await PruneAsync(plan);

        Assert.Equal(["a1", "a1.manifest.json", "a2", "a2.manifest.json", "a4", "a4.manifest.json"], _store.Names);
        Assert.Equal((3, 2), (result.Kept, result.Removed));
        Assert.Equal("Could not remove a4 from /memory/app: Access denied. The next run tries again.", Assert.Single(result.Problems));
        Assert.Equal(result.Problems, _log.Lines(LogLevel.Warning));
    }

    [Fact]
    public async Task An_archive_that_cannot_be_deleted_gets_its_manifest_back_and_goes_next_time()
    {
        var plan = PlanFor(3, keep: 2);
        var manifest = _store.Content("a3.manifest.json");
        _store.Before = words => FailAt(words, "delete a3");

        var first = await PruneAsync(plan);
        Assert.Equal(manifest, _store.Content("a3.manifest.json"));
        Assert.Equal("Could not remove a3 from /memory/app: Access denied. The next run tries again.", Assert.Single(first.Problems));

        _store.Before = _ => { };
        var second = await PruneAsync(plan);
        Assert.Equal(1, second.Removed);
        Assert.DoesNotContain(_store.Names, name => name.StartsWith("a3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_archive_that_was_deleted_though_the_answer_was_lost_gets_no_manifest_back()
    {
        var plan = PlanFor(3, keep: 2);
        _store.After = words => FailAt(words, "delete a3");

        var result = await PruneAsync(plan);

        Assert.Empty(result.Problems);
        Assert.Equal(1, result.Removed);
        Assert.Equal(4, _store.Names.Count());
    }

    [Theory]
    [InlineData("find")]
    [InlineData("put")]
    public async Task A_leftover_archive_is_named_if_its_manifest_cannot_come_back(string alsoFailing)
    {
        var plan = PlanFor(3, keep: 2);
        _store.Before = words =>
        {
            FailAt(words, "delete a3");
            if (words.StartsWith(alsoFailing, StringComparison.Ordinal))
                throw new StoreException("The server is gone.");
        };

        var result = await PruneAsync(plan);

        var problem = Assert.Single(result.Problems);
        Assert.Contains("a3", problem, StringComparison.Ordinal);
        Assert.Contains("listed as incomplete. Remove it by hand.", problem, StringComparison.Ordinal);
        Assert.Contains("a3", _store.Names);
    }

    [Fact]
    public async Task More_removals_than_the_cap_remove_nothing_unless_a_person_insists()
    {
        var plan = PlanFor(15, keep: 2);

        var refused = await PruneAsync(plan);
        Assert.Equal((15, 0), (refused.Kept, refused.Removed));
        Assert.Contains("would remove 13 backups at once, more than BACKUP_RETENTION_MAX_DELETIONS=10", Assert.Single(refused.Problems), StringComparison.Ordinal);
        Assert.Empty(_store.Journal);

        var forced = await PruneAsync(plan, force: true);
        Assert.Equal((2, 13), (forced.Kept, forced.Removed));
        Assert.Equal(4, _store.Names.Count());
    }

    [Fact]
    public async Task What_no_manifest_owns_is_never_touched()
    {
        string[] foreign = ["holiday.jpg", "a9.tar.gz", "a3.manifest.json.bak", "a3-2", "A3"];
        var plan = PlanFor(3, keep: 2);
        foreach (var name in foreign)
            _store.Add(name, "not ours");

        await PruneAsync(plan);

        Assert.All(foreign, name => Assert.Contains(name, _store.Names));
    }

    [Fact]
    public async Task Cancellation_ends_pruning_between_two_backups_and_never_within_one()
    {
        var plan = PlanFor(5, keep: 2);
        using var cancel = new CancellationTokenSource();
        _store.After = words =>
        {
            if (words == "delete a3.manifest.json")
                cancel.Cancel();
        };

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => new Pruner(TimeProvider.System, _log).ApplyAsync(_store, plan, force: false, cancel.Token));

        Assert.Equal(["a1", "a2", "a4", "a5"], _store.Names.Where(name => !name.EndsWith(".json", StringComparison.Ordinal)));
        Assert.Equal(8, _store.Names.Count());
    }

    private static void FailAt(string words, string where)
    {
        if (words == where)
            throw new StoreException("Access denied.");
    }

    private Task<PruneResult> PruneAsync(RetentionPlan plan, bool force = false)
    {
        _store.Journal.Clear();
        return new Pruner(TimeProvider.System, _log).ApplyAsync(_store, plan, force, TestContext.Current.CancellationToken);
    }

    /// <summary>Stores so many backups, a1 the newest, and decides to keep the first few.</summary>
    private RetentionPlan PlanFor(int count, int keep, MemoryStore? store = null)
    {
        var candidates = Enumerable.Range(1, count).Select(i => new RetentionCandidate($"a{i}", $"a{i}.manifest.json", Now.AddDays(-i), IsGood: true)).ToList();
        foreach (var candidate in candidates)
        {
            (store ?? _store).Add(candidate.Archive, "archive");
            (store ?? _store).Add(candidate.Manifest, $"manifest of {candidate.Archive}");
        }

        return new RetentionPolicy(new RetentionSettings { Recent = keep, Minimum = 1 }, TimeZoneInfo.Utc).Decide(candidates, Now);
    }
}
