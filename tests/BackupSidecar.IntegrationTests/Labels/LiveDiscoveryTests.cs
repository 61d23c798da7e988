using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Labels;

/// <summary>What becomes of jobs on a real Docker engine, by its events alone, while they run.</summary>
public sealed class LiveDiscoveryTests
{
    private const int TimeLimit = 240_000;

    [Fact(Timeout = TimeLimit)]
    public async Task A_container_that_is_signalled_made_anew_or_renamed_keeps_its_one_job()
    {
        await using var stack = new LabelledStack();
        await stack.UpAsync("db");
        await stack.UpAsync("cache");
        await stack.UntilJobsAsync("cache/1", "db/1");

        await DockerCli.RunAsync("kill", "--signal", "HUP", stack.Name("db"));
        await stack.UntilNextRunAsync(stack.Name("db"));
        await stack.UntilJobsAsync("cache/1", "db/1");

        // As Compose makes a container anew.
        await DockerCli.RunAsync("stop", "--time", "0", stack.Name("db"));
        await DockerCli.RunAsync("rename", stack.Name("db"), "old_" + stack.Name("db"));
        var anew = await stack.UpAsync("db");
        await DockerCli.RunAsync("rm", "old_" + stack.Name("db"));
        await stack.UntilNextRunAsync(stack.Name("db"), anew);
        await stack.UntilJobsAsync("cache/1", "db/1");

        await DockerCli.RunAsync("rename", stack.Name("db"), stack.Name("renamed"));
        await stack.UntilNextRunAsync(stack.Name("renamed"), anew);
        await stack.UntilJobsAsync("cache/1", "db/1");
        Assert.False(stack.HasOverlapped);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_container_that_is_added_paused_stopped_or_removed_has_the_job_that_it_should()
    {
        await using var stack = new LabelledStack();
        await stack.UpAsync("db");
        await stack.UntilJobsAsync("db/1");
        await stack.UpAsync("db", 2);
        await stack.UntilJobsAsync("db/1", "db/2");
        await stack.UntilNextRunAsync(stack.Name("db", 2));

        await DockerCli.RunAsync("pause", stack.Name("db", 2));
        await stack.UntilStateAsync(stack.Name("db", 2), "paused");
        Assert.Equal([stack.Name("db")], await stack.RunsOfAsync(TimeSpan.FromSeconds(3)));
        await DockerCli.RunAsync("unpause", stack.Name("db", 2));
        await stack.UntilNextRunAsync(stack.Name("db", 2));

        await DockerCli.RunAsync("stop", "--time", "0", stack.Name("db", 2));
        await stack.UntilStateAsync(stack.Name("db", 2), "exited");
        Assert.Equal(["db/1", "db/2"], stack.Jobs);
        await DockerCli.RunAsync("rm", stack.Name("db", 2));
        await stack.UntilJobsAsync("db/1");

        await DockerCli.RunAsync("rm", "--force", stack.Name("db"));
        await stack.UntilJobsAsync();
        Assert.Empty(await stack.RunsOfAsync(TimeSpan.FromSeconds(3)));
        Assert.False(stack.HasOverlapped);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Containers_that_go_while_they_are_backed_up_or_claim_to_be_others_disturb_nobody()
    {
        await using var stack = new LabelledStack();
        await stack.UpAsync("db");
        await stack.UpAsync("cache");
        await stack.UntilJobsAsync("cache/1", "db/1");

        // Of the same service in another project, and of the same one by its labels alone.
        await stack.UpAsync("db", name: $"other-{stack.Name("db")}", project: $"other-{stack.Project}");
        await stack.UpAsync("db", name: $"a-claim-of-{stack.Name("db")}");
        await stack.UpAsync("db", 2);
        await stack.UntilJobsAsync("cache/1", "db/1", "db/2");
        Assert.Equal([stack.Name("cache"), stack.Name("db"), stack.Name("db", 2)], (await stack.RunsOfAsync(TimeSpan.FromSeconds(3))).Order(StringComparer.Ordinal));

        var held = stack.Hold();
        await stack.UntilNextRunAsync(stack.Name("db"));
        await DockerCli.RunAsync("rm", "--force", stack.Name("db"), $"a-claim-of-{stack.Name("db")}");
        await stack.UntilJobsAsync("cache/1", "db/2");
        var anew = await stack.UpAsync("db");
        await stack.UntilJobsAsync("cache/1", "db/1", "db/2");
        held.SetResult();
        await stack.UntilNextRunAsync(stack.Name("db"), anew);
        await stack.UntilNextRunAsync(stack.Name("cache"));
        Assert.False(stack.HasOverlapped);
    }
}
