using BackupSidecar.Tests.Discovery;

namespace BackupSidecar.Tests.Scheduling.Jobs;

public sealed class LabelledJobsTests
{
    private const int TimeLimit = 30_000;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact(Timeout = TimeLimit)]
    public async Task A_database_is_backed_up_when_its_label_says()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db());

        await scene.PassAsync(TimeSpan.FromMinutes(29));
        Assert.True(scene.NothingRuns);
        await scene.PassAsync(TimeSpan.FromMinutes(1));

        var run = await scene.NextRunAsync();
        Assert.Equal(("db", JobScene.Start.AddMinutes(30)), (run.Database.ContainerName, run.At));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_container_that_is_made_anew_keeps_the_one_job()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db("shop-db-1", service: "db"));
        await scene.ShowAsync(JobScene.Db("old_shop-db-1", state: "exited", service: "db"), JobScene.Db("shop-db-1", created: 2, service: "db"));
        await scene.ShowAsync(JobScene.Db("shop-db-1", created: 2, service: "db"));

        await scene.PassAsync(Hour);

        (await scene.NextRunAsync()).Over.SetResult();
        Assert.True(scene.NothingRuns);
        Assert.Equal("shop/db/1", Assert.Single(scene.Jobs.All).Identity);
        Assert.DoesNotContain(scene.Log.Lines, line => line.Contains("not backed up", StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_container_that_has_gone_has_no_job()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db("one"), JobScene.Db("two"));
        await scene.ShowAsync(JobScene.Db("two"));

        await scene.PassAsync(Hour);

        Assert.Equal("two", (await scene.NextRunAsync()).Database.ContainerName);
        Assert.True(scene.NothingRuns);
        Assert.Contains(scene.Log.Lines, line => line.Contains("one is not backed up any more", StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_job_that_comes_back_while_its_last_run_goes_on_does_not_overlap_it()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(Hour);
        var first = await scene.NextRunAsync();

        await scene.ShowAsync();
        await scene.ShowAsync(JobScene.Db(cron: "30 * * * *", created: 2));
        await scene.PassAsync(Hour);
        Assert.True(scene.NothingRuns);
        first.Over.SetResult();

        Assert.Equal("30 * * * *", (await scene.NextRunAsync()).Database.Cron);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Who_finds_all_turns_taken_waits_and_is_not_passed_over()
    {
        await using var scene = new JobScene(slots: 1);
        await scene.ShowAsync(JobScene.Db("one"), JobScene.Db("two"), JobScene.Db("three"));
        await scene.PassAsync(TimeSpan.FromMinutes(30));

        var names = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var run = await scene.NextRunAsync();
            Assert.True(scene.NothingRuns);
            names.Add(run.Database.ContainerName);
            run.Over.SetResult();
        }

        Assert.Equal(["one", "three", "two"], names.Order(StringComparer.Ordinal));
        Assert.Equal(2, scene.Log.Lines.Count(line => line.Contains("waits for its turn", StringComparison.Ordinal)));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task More_or_fewer_turns_hold_from_the_next_one_on()
    {
        await using var scene = new JobScene(slots: 1);
        await scene.ShowAsync(JobScene.Db("one"), JobScene.Db("two"), JobScene.Db("three"));
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var first = await scene.NextRunAsync();
        Assert.True(scene.NothingRuns);

        scene.Slots.Become(2);
        var second = await scene.NextRunAsync();
        scene.Slots.Become(1);
        first.Over.SetResult();
        await scene.PassAsync(TimeSpan.FromMinutes(1));
        Assert.True(scene.NothingRuns);
        second.Over.SetResult();

        (await scene.NextRunAsync()).Over.SetResult();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Another_time_zone_holds_at_once_and_a_run_that_goes_on_is_left_alone()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db(cron: "0 9 * * *"), JobScene.Db("other", cron: "12 9 * * *"));
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var first = await scene.NextRunAsync();
        await scene.PassAsync(TimeSpan.FromMinutes(40));
        (await scene.NextRunAsync()).Over.SetResult();

        // It is ten past nine there: nobody missed what was due at nine, for there was no such schedule.
        scene.Rules = new(TimeZoneInfo.CreateCustomTimeZone("there", TimeSpan.FromMinutes(-30), "there", "there"));
        await scene.ShowAsync(JobScene.Db(cron: "0 9 * * *"), JobScene.Db("other", cron: "12 9 * * *"));
        first.Over.SetResult();
        await scene.PassAsync(TimeSpan.FromMinutes(5));

        var other = await scene.NextRunAsync();
        Assert.Equal("other", other.Database.ContainerName);
        Assert.InRange(other.At, JobScene.Start.AddMinutes(72), JobScene.Start.AddMinutes(75));
        Assert.True(scene.NothingRuns);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_container_that_claims_to_be_another_one_has_no_job_and_is_told_of_once()
    {
        await using var scene = new JobScene();
        var first = JobScene.Db("shop-db-1", service: "db");
        var claiming = JobScene.Db("claiming", created: 2, service: "db");
        await scene.ShowAsync(first);
        await scene.ShowAsync(claiming, first);
        await scene.ShowAsync(claiming, first);

        await scene.PassAsync(Hour);

        var run = await scene.NextRunAsync();
        Assert.Equal(("shop-db-1", "claiming"), (run.Database.ContainerName, run.Database.Rival));
        Assert.True(scene.NothingRuns);
        Assert.Single(scene.Log.Lines, line => line.StartsWith("Warning: claiming: NOT backed up", StringComparison.Ordinal));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("exited")]
    [InlineData("paused")]
    public async Task A_container_that_does_not_run_is_told_of_and_backed_up_when_it_runs_again(string state)
    {
        await using var scene = new JobScene(comingUp: TimeSpan.FromMinutes(1));
        await scene.ShowAsync(JobScene.Db());
        await scene.ShowAsync(JobScene.Db(state: state));
        await scene.PassAsync(3 * Hour);
        Assert.True(scene.NothingRuns);
        Assert.Contains($"it is {state}", Assert.Single(scene.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal)), StringComparison.Ordinal);

        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(TimeSpan.FromMinutes(2));

        var run = await scene.NextRunAsync();
        Assert.Equal(JobScene.Start + (3 * Hour) + TimeSpan.FromMinutes(1), run.At);
        Assert.True(scene.NothingRuns);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(false, null)]
    [InlineData(false, "exited")]
    [InlineData(true, null)]
    [InlineData(true, "created")]
    public async Task A_run_that_its_container_left_is_made_again_when_the_container_is_back(bool anew, string? meanwhile)
    {
        await using var scene = new JobScene(comingUp: TimeSpan.FromMinutes(1));
        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var cut = await scene.NextRunAsync();
        var created = anew ? 2 : 1;
        scene.Show(meanwhile is null ? [] : [JobScene.Db(state: meanwhile, created: created)]);
        cut.Fail();
        await scene.PassAsync(TimeSpan.FromMinutes(2));
        Assert.True(scene.NothingRuns);

        scene.Show(JobScene.Db(created: created));
        await scene.PassAsync(TimeSpan.FromMinutes(3));

        var again = await scene.NextRunAsync();
        Assert.InRange(again.At, cut.At.AddMinutes(3), cut.At.AddMinutes(4));
        again.Over.SetResult();
        await scene.PassAsync(TimeSpan.FromMinutes(20));
        Assert.True(scene.NothingRuns);
        await scene.PassAsync(TimeSpan.FromMinutes(40));
        Assert.Equal(cut.At.AddHours(1), (await scene.NextRunAsync()).At);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_is_owed_is_not_waited_for_when_all_ends()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var cut = await scene.NextRunAsync();
        scene.Show();
        cut.Fail();
        await scene.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Contains(scene.Log.Lines, line => line.Contains("when it runs again", StringComparison.Ordinal));

        await scene.Jobs.DisposeAsync();

        Assert.True(scene.NothingRuns);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_that_fails_while_its_container_stays_waits_for_its_schedule()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var failed = await scene.NextRunAsync();
        failed.Fail();

        await scene.PassAsync(TimeSpan.FromMinutes(59));
        Assert.True(scene.NothingRuns);
        await scene.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(failed.At.AddHours(1), (await scene.NextRunAsync()).At);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_is_owed_and_what_falls_due_meanwhile_is_one_run()
    {
        await using var scene = new JobScene();
        await scene.ShowAsync(JobScene.Db());
        await scene.PassAsync(TimeSpan.FromMinutes(30));
        var cut = await scene.NextRunAsync();
        scene.Show();
        cut.Fail();
        await scene.PassAsync(TimeSpan.FromMinutes(1));

        scene.Show(JobScene.Db(state: "created", created: 2));
        await scene.PassAsync(3 * Hour);
        scene.Show(JobScene.Db(created: 2));
        await scene.PassAsync(TimeSpan.FromMinutes(1));

        (await scene.NextRunAsync()).Over.SetResult();
        await scene.PassAsync(TimeSpan.FromMinutes(20));
        Assert.True(scene.NothingRuns);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_was_missed_while_the_program_was_down_is_made_up_for_once()
    {
        var first = new JobScene();
        await first.ShowAsync(JobScene.Db());
        await first.Jobs.DisposeAsync();
        first.Clock.Step(5 * Hour);

        await using var second = new JobScene(clock: first.Clock, state: first.State);
        second.Jobs.Follow(new BackupSidecar.Discovery.LabelSurvey(BackupSidecar.Configuration.LabelScope.All, null, null, Labelled.Policy).Of([JobScene.Db(), JobScene.Db("new")]), second.Rules);

        var run = await second.NextRunAsync();
        Assert.Equal("db", run.Database.ContainerName);
        Assert.True(second.NothingRuns);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Labels_that_cannot_be_used_are_told_once_and_again_after_they_were_right()
    {
        await using var scene = new JobScene();
        var wrong = Labelled.Container("bad", Labelled.Enough().With("backup.type", "oracle"));
        await scene.ShowAsync(JobScene.Db(), wrong);
        await scene.ShowAsync(JobScene.Db(), wrong);
        Assert.Single(Warnings());

        await scene.ShowAsync(JobScene.Db(), JobScene.Db("bad"));
        await scene.ShowAsync(JobScene.Db(), wrong);

        Assert.Equal(2, Warnings().Count);
        Assert.Single(scene.Jobs.All);

        List<string> Warnings() => [.. scene.Log.Lines.Where(line => line.StartsWith("Warning: bad is NOT backed up", StringComparison.Ordinal))];
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Labels_without_the_one_that_makes_them_count_are_told_of_once()
    {
        await using var scene = new JobScene();
        var misspelt = Labelled.Container("misspelt", Labelled.Enough().Without("backup.enabled").With("backup.enable", "true"));
        await scene.ShowAsync(JobScene.Db(), misspelt);
        await scene.ShowAsync(JobScene.Db(), misspelt);

        Assert.Single(scene.Jobs.All);
        var told = Assert.Single(scene.Log.Lines, line => line.StartsWith("Warning: misspelt", StringComparison.Ordinal));
        Assert.Contains("backup.enabled=true is missing", told, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_labels_say_is_told_once()
    {
        await using var scene = new JobScene();
        for (var tick = 0; tick < 5; tick++)
            await scene.ShowAsync(JobScene.Db());

        Assert.Contains("postgres shop to local in db; 0 * * * *", Assert.Single(scene.Log.Lines, line => line.StartsWith("Information", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
