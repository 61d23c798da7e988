using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Stores;

namespace BackupSidecar.Tests.Runs;

/// <summary>What one store missed while it was down is copied from the other one when both work again.</summary>
public sealed class MissedCopiesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task What_the_far_store_missed_is_in_it_after_the_next_run()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Empty(report.Warnings);
        Assert.Equal([new MadeUpCopy(missed.Archive!, "s3") { From = "local", Checked = UploadCheck.ReadBack }], report.MadeUp);
        Assert.Equal(report.MadeUp, scene.History.ReadNewestFirst().First().MadeUp);
        Assert.Equal(report.MadeUp, scene.Told[^1].MadeUp);
        Assert.InRange(scene.Logged("Made up for"), scene.Logged("Starting services: app"), scene.Logged("Backup completed successfully: " + report.Archive));
        await AssertMadeUpAsync(scene, missed, "s3", "a picture of Monday");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_local_store_missed_is_in_it_after_the_next_run()
    {
        await using var scene = new BackupScene();
        // Like a server, and unlike a folder, it does not give its files away.
        scene.Far.Reading = stored => new BufferedStream(stored);
        await File.WriteAllTextAsync(scene["store"], "a file in place of the folder", Cancellation);
        var missed = await RunAsync(scene, "a picture of Monday");
        Assert.Equal(["s3 complete"], await scene.ListAsync());
        File.Delete(scene["store"]);

        var report = await scene.RunAsync();

        Assert.Equal([new MadeUpCopy(missed.Archive!, "local") { From = "s3", Checked = UploadCheck.Size }], report.MadeUp);
        Assert.Empty(Directory.GetFileSystemEntries(scene.Settings.Paths.Staging));
        await AssertMadeUpAsync(scene, missed, "local", "a picture of Monday");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_newest_comes_first_and_a_store_that_fails_again_gets_the_rest_from_the_next_run()
    {
        await using var scene = new BackupScene();
        var first = await MissAsync(scene, "a picture of Monday");
        var second = await MissAsync(scene, "a picture of Tuesday");
        var uploads = 0;
        scene.Far.BeforeUpload = (_, _) => ++uploads == 3 ? throw new StoreException("no route to host") : Task.CompletedTask;

        var report = await scene.RunAsync();
        var next = await scene.RunAsync();

        Assert.Equal((RunOutcome.Succeeded, RunOutcome.Succeeded), (report.Outcome, next.Outcome));
        Assert.Equal(second.Archive, Assert.Single(report.MadeUp).Archive);
        Assert.StartsWith($"{first.Archive} is still missing in the s3 store: ", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.EndsWith("no route to host. The next run tries again.", report.Warnings[0], StringComparison.Ordinal);
        Assert.Equal(first.Archive, Assert.Single(next.MadeUp).Archive);
        await AssertMadeUpAsync(scene, first, "s3", "a picture of Monday");
        await AssertMadeUpAsync(scene, second, "s3", "a picture of Tuesday");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_retention_would_remove_is_not_copied()
    {
        await using var scene = new BackupScene();
        await MissAsync(scene, "a picture of Monday");
        var second = await MissAsync(scene, "a picture of Tuesday");
        scene.Settings = scene.Settings with { Retention = scene.Settings.Retention with { Days = 0, Recent = 1, Minimum = 1 } };
        // A run that did not take everything removes nothing, so both are still there.
        scene.Sources.Add(new DirectorySourcePlan("gone", "/nowhere/gone"));

        var report = await scene.RunAsync();

        Assert.Equal([second.Archive], report.MadeUp.Select(copy => copy.Archive));
        Assert.Equal(["local partial", "s3 partial", "local complete", "s3 complete", "local complete"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_person_removes_stays_removed()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        await scene.RunAsync();
        await RemoveAsync(scene.Far, missed);

        var report = await scene.RunAsync();

        Assert.Empty(report.MadeUp);
        Assert.Null(await scene.Far.FindAsync(missed.Archive!, Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_that_has_gone_bad_is_marked_and_told_and_not_spread()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        var other = await MissAsync(scene, "a picture of Tuesday");
        await FlipAsync(Path.Combine(scene.Local.Folder, other.Archive!));

        var report = await scene.RunAsync();
        var next = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("its bytes are not those that were written", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Contains($"backup-sidecar accept {other.Archive}", report.Problems[0], StringComparison.Ordinal);
        Assert.Equal((other.Archive, "local", VerificationResult.Refused), Assert.Single(report.Verified) is var bad ? (bad.Archive, bad.Store, bad.Result) : default);
        Assert.True(new MarkFile(scene.Settings.Paths.State).Read().OfCopy(other.Archive!, "local") is { IsOpen: true });
        Assert.Equal([missed.Archive], report.MadeUp.Select(copy => copy.Archive));
        Assert.Null(await scene.Far.FindAsync(other.Archive!, Cancellation));
        Assert.Empty(Directory.GetFiles(scene.Far.Location, ".*"));
        Assert.Equal((RunOutcome.Succeeded, 0), (next.Outcome, next.MadeUp.Count));
        await AssertMadeUpAsync(scene, missed, "s3", "a picture of Monday");
    }

    [Fact(Timeout = 60_000)]
    public async Task Backups_of_a_key_that_is_not_there_are_left_alone()
    {
        await using var scene = new BackupScene();
        await MissAsync(scene, "a picture of Monday");
        scene.Settings = scene.Settings with { Archive = scene.Settings.Archive with { EncryptionKey = new Secret("another passphrase") } };

        Assert.Empty((await scene.RunAsync()).MadeUp);

        Assert.Equal(["local complete", "s3 complete", "local other-key"], await scene.ListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task Asked_to_end_the_run_gives_up_at_once_and_stays_good_and_the_next_one_goes_on()
    {
        await using var scene = new BackupScene();
        using var signal = new CancellationTokenSource();
        var missed = await MissAsync(scene, "a picture of Monday");
        var uploads = 0;
        scene.Far.BeforeUpload = async (_, cancellation) =>
        {
            if (++uploads < 2)
                return;
            await signal.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellation);
        };

        var report = await scene.RunAsync(signal.Token);
        var stored = await scene.ListAsync();
        scene.Far.BeforeUpload = (_, _) => Task.CompletedTask;
        var next = await scene.RunAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal("Not all that stores had missed is made up for yet: the run had to end. The next run goes on.", Assert.Single(report.Warnings));
        Assert.Equal(["local complete", "s3 complete", "local complete"], stored);
        Assert.Equal([missed.Archive], next.MadeUp.Select(copy => copy.Archive));
        await AssertMadeUpAsync(scene, missed, "s3", "a picture of Monday");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_next_run_is_not_kept_waiting()
    {
        await using var scene = new BackupScene { NextRun = now => now + TimeSpan.FromMilliseconds(100) };
        await MissAsync(scene, "a picture of Monday");
        var uploads = 0;
        scene.Far.BeforeUpload = (_, cancellation) => ++uploads < 2 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancellation);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Contains("the next run is due", Assert.Single(report.Warnings), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_left_there_whole_gets_the_manifest_that_is_missing()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        Directory.CreateDirectory(scene.Far.Location);
        File.Copy(Path.Combine(scene.Local.Folder, missed.Archive!), Path.Combine(scene.Far.Location, missed.Archive!));

        var report = await scene.RunAsync();

        Assert.Equal([missed.Archive], report.MadeUp.Select(copy => copy.Archive));
        await AssertMadeUpAsync(scene, missed, "s3", "a picture of Monday");
    }

    [Fact(Timeout = 60_000)]
    public async Task Something_else_of_that_name_is_left_alone_and_told_of()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        await scene.Far.PutAsync(missed.Archive!, "something else"u8.ToArray(), Cancellation);

        var report = await scene.RunAsync();

        Assert.Equal((RunOutcome.Succeeded, 0), (report.Outcome, report.MadeUp.Count));
        Assert.Contains("is there without a manifest, and its bytes are not those that were written", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal("something else", await File.ReadAllTextAsync(Path.Combine(scene.Far.Location, missed.Archive!), Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_found_there_after_all_is_noted_so_that_nobody_gives_it_back_later()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        foreach (var name in new[] { missed.Archive!, missed.Archive + ".manifest.json" })
            File.Copy(Path.Combine(scene.Local.Folder, name), Path.Combine(Directory.CreateDirectory(scene.Far.Location).FullName, name));

        var report = await scene.RunAsync();
        await RemoveAsync(scene.Far, missed);

        Assert.Equal([new MadeUpCopy(missed.Archive!, "s3")], report.MadeUp);
        Assert.Empty((await scene.RunAsync()).MadeUp);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_that_comes_back_as_something_else_is_no_backup_there()
    {
        await using var scene = new BackupScene();
        var missed = await MissAsync(scene, "a picture of Monday");
        scene.Far.AfterUpload = archive =>
        {
            if (archive == missed.Archive)
                File.AppendAllText(Path.Combine(scene.Far.Location, archive), "more");
        };

        var report = await scene.RunAsync();

        Assert.Equal((RunOutcome.Succeeded, 0), (report.Outcome, report.MadeUp.Count));
        Assert.Contains("It is no backup there.", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal(["local complete", "s3 complete", "local complete"], await scene.ListAsync());
    }

    /// <summary>A run whose far store is down.</summary>
    private static async Task<RunReport> MissAsync(BackupScene scene, string picture)
    {
        scene.Far.BeforeProbe = () => throw new StoreException("no route to host");
        var report = await RunAsync(scene, picture);
        scene.Far.BeforeProbe = () => { };
        return report;
    }

    private static async Task<RunReport> RunAsync(BackupScene scene, string picture)
    {
        await File.WriteAllTextAsync(scene["uploads", "picture"], picture, Cancellation);
        var report = await scene.RunAsync();
        Assert.Equal((RunOutcome.Partial, 0), (report.Outcome, report.MadeUp.Count));
        return report;
    }

    private static async Task RemoveAsync(FaultyStore store, RunReport backup)
    {
        await store.DeleteAsync(backup.Archive + ".manifest.json", Cancellation);
        await store.DeleteAsync(backup.Archive!, Cancellation);
    }

    /// <summary>Both stores have the same bytes, and what was missed comes back from the store that had missed it.</summary>
    private static async Task AssertMadeUpAsync(BackupScene scene, RunReport missed, string store, string picture)
    {
        foreach (var name in new[] { missed.Archive!, missed.Archive + ".manifest.json" })
        {
            Assert.Equal(
                await File.ReadAllBytesAsync(Path.Combine(scene.Local.Folder, name), Cancellation),
                await File.ReadAllBytesAsync(Path.Combine(scene.Far.Location, name), Cancellation));
        }
        Assert.Equal(picture, await scene.RestoredAsync(missed, store));
    }

    private static async Task FlipAsync(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path, Cancellation);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancellation);
    }
}
