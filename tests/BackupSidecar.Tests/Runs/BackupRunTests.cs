using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Archives;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Tests.Runs;

public sealed class BackupRunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Services_are_stopped_before_the_first_byte_is_read_and_started_before_anything_is_stored()
    {
        await using var scene = new BackupScene();

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        string[] order = ["Stopping services: app", "Backing up directory", "Starting services: app", "Stored in local", "Backup completed successfully"];
        Assert.Equal(order.Order(Comparer<string>.Create((a, b) => scene.Logged(a).CompareTo(scene.Logged(b)))), order);
        Assert.Equal(["stop shop-app-1", "start shop-app-1"], scene.Daemon.Changes);
        Assert.Equal(["local complete", "s3 complete"], await scene.ListAsync());
        Assert.Equal(report.RunId, Assert.Single(scene.Told).RunId);
        Assert.Empty(Directory.GetFileSystemEntries(scene.Settings.Paths.Staging));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_is_missing_makes_the_run_partial_and_the_manifest_names_it()
    {
        await using var scene = new BackupScene();
        scene.Sources.Add(new DirectorySourcePlan("gone", "/nowhere/gone"));

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        var gone = (await scene.ManifestAsync(report)).Sources.Single(source => source.Entry == "gone");
        Assert.Contains("there is no such directory", gone.Problem, StringComparison.Ordinal);
        Assert.Equal(["local partial", "s3 partial"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_cannot_be_reached_is_asked_once_and_left_alone_for_the_rest_of_the_run()
    {
        await using var scene = new BackupScene();
        scene.Far.BeforeProbe = () => throw new StoreException("no route to host");
        scene.Far.BeforeFind = () => Assert.Fail("It was asked again.");

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.False(scene.Far.WasSwept);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_single_source_nothing_is_stopped()
    {
        await using var scene = new BackupScene();
        scene.Sources.Clear();
        scene.Sources.Add(new DirectorySourcePlan("gone", "/nowhere/gone"));

        Assert.Equal(RunOutcome.NotStarted, (await scene.RunAsync()).Outcome);

        Assert.Empty(scene.Daemon.Changes);
        Assert.Empty(await scene.ListAsync());
    }

    [Theory(Timeout = 60_000)]
    [InlineData("true", "is not a file of OpenPGP public keys")]
    [InlineData("echo garbage > recipients.asc", "is not a file of OpenPGP public keys")]
    [InlineData("""
        export GNUPGHOME=$PWD/keys; mkdir -m 700 keys
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'only signs' ed25519 sign never 2>/dev/null
        gpg --batch --armor --export > recipients.asc; gpgconf --kill all
        """, "Unusable public key")]
    public async Task A_public_key_that_cannot_encrypt_is_found_before_anything_is_stopped(string preparation, string problem)
    {
        await using var scene = new BackupScene();
        Host.Bash(preparation, scene[""]);
        scene.Settings = scene.Settings with { Archive = new ArchiveSettings { RecipientsFile = scene["recipients.asc"] } };

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.NotStarted, report.Outcome);
        Assert.Contains(problem, Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Empty(scene.Daemon.Changes);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_cannot_take_the_manifest_has_no_backup_and_the_other_has()
    {
        await using var scene = new BackupScene();
        await scene.RunAsync();
        scene.Far.BeforePut = () => throw new StoreException("the bucket is read-only since a moment ago");

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("failed to write the manifest: the bucket is read-only", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal(["local complete", "local complete", "s3 complete"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_that_is_not_what_was_sent_is_no_backup_and_the_other_can_be_restored()
    {
        await using var scene = new BackupScene();
        scene.Far.AfterUpload = archive => File.AppendAllText(Path.Combine(scene.Far.Location, archive), "more");

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("its bytes are not those that were written", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal([UploadCheck.Size, null], report.Stores.Select(store => store.Checked));
        Assert.Equal(["local complete"], await scene.ListAsync());
        Assert.Equal(RunOutcome.Succeeded, (await scene.VerifyAsync()).Outcome);
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_a_copy_could_not_be_read_back_it_stays_a_backup_the_run_is_partial_and_nothing_is_pruned()
    {
        await using var scene = new BackupScene();
        scene.Settings = scene.Settings with { Retention = scene.Settings.Retention with { Days = 0, Recent = 1, Minimum = 1 } };
        await scene.RunAsync();
        var isBusy = true;
        scene.Far.BeforeRead = name =>
        {
            if (isBusy && !name.EndsWith(".json", StringComparison.Ordinal))
                throw new StoreException("the server is busy.", isTransient: true);
        };

        var report = await scene.RunAsync();
        isBusy = false;

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("was not read back: the server is busy.", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal([(null, UploadCheck.Size), (null, UploadCheck.Size)], report.Stores.Select(store => (store.Problem, store.Checked!.Value)));
        Assert.Equal(["local complete", "s3 complete", "s3 complete"], await scene.ListAsync());
        Assert.Equal(RunOutcome.Succeeded, (await scene.VerifyAsync()).Outcome);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_fails_in_the_middle_even_by_a_fault_of_ours_costs_only_its_own_copy()
    {
        await using var scene = new BackupScene();
        scene.Far.BeforeUpload = async (spool, cancellation) =>
        {
            await spool.WaitForAsync(1, cancellation);
            throw new InvalidOperationException("nobody thought of this");
        };

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("nobody thought of this", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal([null, report.Problems[0]], report.Stores.Select(store => store.Problem));
        Assert.Equal(["local complete"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_cannot_be_asked_for_a_name_does_not_keep_the_other_from_its_backup()
    {
        await using var scene = new BackupScene();
        scene.Far.BeforeFind = () => throw new StoreException("it went down after it was looked at");
        scene.Far.BeforeUpload = (_, _) => throw new StoreException("it is down");

        Assert.Equal(RunOutcome.Partial, (await scene.RunAsync()).Outcome);

        Assert.Equal(["local complete"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_whose_time_is_over_is_partial_where_an_archive_is_stored_already()
    {
        await using var scene = new BackupScene();
        scene.Settings = scene.Settings with { Timeout = TimeSpan.FromSeconds(4) };
        scene.Far.BeforeUpload = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("BACKUP_TIMEOUT", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal(["local complete"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_name_that_is_taken_gives_way_to_that_of_the_next_second()
    {
        await using var scene = new BackupScene();
        await scene.Far.PutAsync("shop-2026-11-20-030000.tar.gz.gpg", "another"u8.ToArray(), Cancellation);
        await scene.Local.PutAsync("shop-2026-11-20-030001.tar.gz.gpg.manifest.json", "another"u8.ToArray(), Cancellation);

        var report = await scene.RunAsync();

        Assert.Equal(("shop-2026-11-20-030002.tar.gz.gpg", RunOutcome.Succeeded), (report.Archive, report.Outcome));
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_runs_at_a_time_are_one_too_many()
    {
        await using var scene = new BackupScene();
        using var other = await RunLock.TakeAsync(scene.Settings.Paths.State, "restore", Cancellation);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Locked, report.Outcome);
        Assert.Contains("Another run is going on: restore.", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Empty(scene.Daemon.Changes);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_hook_that_fails_afterwards_makes_the_run_partial()
    {
        await using var scene = new BackupScene();
        scene.Settings = scene.Settings with { Hooks = scene.Settings.Hooks with { PostCommand = "echo no mail >&2; exit 3" } };

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("no mail", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Retention_waits_for_a_run_that_took_everything()
    {
        await using var scene = new BackupScene();
        scene.Settings = scene.Settings with { Retention = scene.Settings.Retention with { Days = 0, Recent = 1, Minimum = 1 } };
        await scene.RunAsync();

        scene.Sources.Add(new DirectorySourcePlan("gone", "/nowhere/gone"));
        await scene.RunAsync();
        Assert.Equal(["local partial", "s3 partial", "local complete", "s3 complete"], await scene.ListAsync());

        scene.Sources.RemoveAt(1);
        await scene.RunAsync();
        Assert.DoesNotContain("local complete", (await scene.ListAsync()).Skip(2));
    }

    [Fact(Timeout = 60_000)]
    public async Task Asked_to_end_while_services_stand_still_the_run_starts_them_waits_for_nothing_and_leaves_nothing()
    {
        await using var scene = new BackupScene();
        using var signal = new CancellationTokenSource();
        scene.Settings = scene.Settings with { Services = scene.Settings.Services with { StartWait = TimeSpan.FromHours(1) } };
        scene.Daemon.OnStop = _ => signal.Cancel();

        var report = await scene.RunAsync(signal.Token);

        Assert.Equal(RunOutcome.Interrupted, report.Outcome);
        Assert.True(scene.App.IsRunning);
        Assert.Empty(await scene.ListAsync());
        Assert.Empty(Directory.GetFileSystemEntries(scene.Local.Folder));
        Assert.Equal(RunOutcome.Interrupted, Assert.Single(scene.History.ReadNewestFirst()).Outcome);
        Assert.Equal(RunOutcome.Interrupted, Assert.Single(scene.Told).Outcome);
    }

    [Fact(Timeout = 60_000)]
    public async Task Asked_to_end_the_run_gives_hooks_a_moment_and_no_more()
    {
        await using var scene = new BackupScene();
        using var signal = new CancellationTokenSource();
        scene.Settings = scene.Settings with { Hooks = scene.Settings.Hooks with { PostCommand = "sleep 1000", Timeout = TimeSpan.FromHours(1) } };
        scene.Daemon.OnStop = _ => signal.Cancel();

        var report = await scene.RunAsync(signal.Token);

        Assert.Equal(RunOutcome.Interrupted, report.Outcome);
        Assert.Contains("The hooks after the backup were cut short: the program was asked to end.", report.Problems);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_whole_when_the_program_is_asked_to_end_still_becomes_a_backup()
    {
        await using var scene = new BackupScene();
        using var signal = new CancellationTokenSource();
        scene.Far.BeforePut = signal.Cancel;

        var report = await scene.RunAsync(signal.Token);

        Assert.Equal(RunOutcome.Interrupted, report.Outcome);
        Assert.Contains("s3 complete", await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_fault_of_ours_while_sources_are_read_fails_the_run_starts_services_and_is_told()
    {
        await using var scene = new BackupScene { SourceLog = new FaultyLog() };

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("please report it", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.True(scene.App.IsRunning);
        Assert.Equal(RunOutcome.Failed, Assert.Single(scene.Told).Outcome);
        Assert.Empty(await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_could_be_neither_stopped_nor_started_is_told_of()
    {
        await using var scene = new BackupScene();
        scene.Daemon.Add("shop-worker-1", "shop", "worker").FailingStops = 1;
        scene.App.FailingStarts = 10;
        scene.Settings = scene.Settings with { Services = scene.Settings.Services with { Stop = ["app", "worker"] } };

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains(report.Problems, problem => problem.Contains("'worker' (container shop-worker-1) could not be stopped", StringComparison.Ordinal));
        Assert.Contains(report.Problems, problem => problem.Contains("'app' (container shop-app-1) could not be started again", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_still_stands_still_since_an_earlier_run_is_told_of_by_every_run()
    {
        await using var scene = new BackupScene();
        scene.App.FailingStarts = 8;
        await scene.RunAsync();

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("'app' (container shop-app-1) could not be started again", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal(RunOutcome.Succeeded, (await scene.RunAsync()).Outcome);
        Assert.True(scene.App.IsRunning);
    }

    /// <summary>Throws when a directory is about to be read: a stand-in for any fault of ours at that point.</summary>
    private sealed class FaultyLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("a fault of ours");
    }
}
