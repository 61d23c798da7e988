using BackupSidecar.Backrest.Plans;
using BackupSidecar.Docker;
using static BackupSidecar.Tests.Backrest.PlanScene;

namespace BackupSidecar.Tests.Backrest;

public sealed class PlanSynthesisTests
{
    [Fact]
    public void A_container_with_one_label_gets_a_plan_of_the_defaults()
    {
        var made = PlanSynthesis.Of(Container("app"), Defaults, "main");

        Assert.Empty(made.Warnings);
        Assert.Equal(
            """{"id":"backrest_sidecar_app","repo":"main","paths":["/var/lib/docker/volumes/data/_data"],"schedule":{"cron":"0 2 * * *","clock":"CLOCK_LOCAL"},"retention":{"policyTimeBucketed":{"daily":7,"weekly":4}}}""",
            PlanJson.Write(made.Plan!).ToJsonString());
    }

    [Fact]
    public void Every_label_says_its_part()
    {
        var container = Container(
            "api",
            ("backrest.repo", "other"), ("backrest.schedule", "T 4 * * 1-5"), ("backrest.paths.include", "/data/b/,/data/a"), ("backrest.paths.exclude", "*.tmp,/data/cache"),
            ("backrest.keep", "last=3"), ("backrest.snapshot-start", "zzz, aaa"), ("backrest.snapshot-end", "done"), ("backrest.hooks.template", "simple-stop-start"));

        var plan = PlanSynthesis.Of(container, Defaults with { IncludeProjectName = true }, "main").Plan!;

        Assert.Equal(
            """
            {
              "id": "backrest_sidecar_shop_api",
              "repo": "other",
              "paths": [
                "/var/lib/docker/volumes/data/_data/a",
                "/var/lib/docker/volumes/data/_data/b"
              ],
              "excludes": [
                "*.tmp",
                "/var/lib/docker/volumes/data/_data/cache"
              ],
              "schedule": {
                "cron": "MINUTE 4 * * 1-5",
                "clock": "CLOCK_LOCAL"
              },
              "retention": {
                "policyKeepLastN": 3
              },
              "hooks": [
                {
                  "conditions": [
                    "CONDITION_SNAPSHOT_START"
                  ],
                  "actionCommand": {
                    "command": "zzz"
                  }
                },
                {
                  "conditions": [
                    "CONDITION_SNAPSHOT_START"
                  ],
                  "actionCommand": {
                    "command": "aaa"
                  }
                },
                {
                  "conditions": [
                    "CONDITION_SNAPSHOT_END"
                  ],
                  "actionCommand": {
                    "command": "done"
                  }
                }
              ]
            }
            """.Replace("MINUTE", $"{PlanId.MinuteOf("backrest_sidecar_shop_api")}", StringComparison.Ordinal),
            PlanJson.Write(plan).ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
    }

    [Theory]
    [InlineData("simple-stop-start")]
    [InlineData("Stop-Start")]
    [InlineData("quiesce-stop-start")]
    public void The_template_never_backs_up_what_did_not_stop_and_always_starts_it(string template)
    {
        var hooks = PlanSynthesis.Of(Container("app", ("backrest.hooks.template", template)), Defaults, "main").Plan!.Hooks;

        Assert.Equal(2, hooks.Count);
        Assert.Equal("docker stop shop-app-1", hooks[0].Command);
        Assert.Equal(["CONDITION_SNAPSHOT_START"], hooks[0].Conditions);
        Assert.Equal("ON_ERROR_FATAL", hooks[0].OnError);
        Assert.Equal("docker start shop-app-1", hooks[1].Command);
        Assert.Equal(["CONDITION_SNAPSHOT_END", "CONDITION_SNAPSHOT_ERROR"], hooks[1].Conditions);
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("", false)]
    [InlineData("stopstart", true)]
    public void Other_templates_mean_no_hooks_and_a_mistake_is_told(string template, bool isTold)
    {
        var made = PlanSynthesis.Of(Container("app", ("backrest.hooks.template", template)), Defaults, "main");

        Assert.Empty(made.Plan!.Hooks);
        Assert.Equal(isTold, made.Warnings.Any(warning => warning.Contains("without being stopped", StringComparison.Ordinal)));
    }

    [Fact]
    public void Backrest_is_never_told_to_stop_itself()
    {
        var made = PlanSynthesis.Of(Container("backrest", ("backrest.hooks.template", "stop-start")), Defaults with { NeverStopped = [new string('a', 64)] }, "main");

        Assert.Empty(made.Plan!.Hooks);
        Assert.Contains("would not be there to be started again", Assert.Single(made.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_of_ones_own_take_the_place_of_the_template_and_that_is_told()
    {
        var made = PlanSynthesis.Of(Container("app", ("backrest.snapshot-start", "sync"), ("backrest.hooks.template", "stop-start")), Defaults, "main");

        Assert.Equal("sync", Assert.Single(made.Plan!.Hooks).Command);
        Assert.Contains("backrest.hooks.template does not count", Assert.Single(made.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_looks_like_the_systems_own_is_left_out_with_a_word_and_taken_if_it_is_named()
    {
        var container = Container("app") with
        {
            Mounts = [Volume("data", "/data"), Bind("/run/app", "/state"), Bind("/", "/host"), Bind("/var/run/docker.sock", "/var/run/docker.sock"), Bind("/etc/localtime", "/etc/localtime"), Bind("/sys", "/sys")],
        };

        var derived = PlanSynthesis.Of(container, Defaults, "main");
        var named = PlanSynthesis.Of(container with { Labels = Container("app", ("backrest.paths.include", "/state")).Labels }, Defaults, "main");

        Assert.Equal(["/var/lib/docker/volumes/data/_data"], derived.Plan!.Paths);
        Assert.Contains("without /state, /host: ", Assert.Single(derived.Warnings), StringComparison.Ordinal);
        Assert.Equal(["/run/app"], named.Plan!.Paths);
        Assert.Empty(named.Warnings);
    }

    [Fact]
    public void What_is_left_out_below_a_path_that_is_named_is_told_too()
    {
        var container = Container("app", ("backrest.paths.include", "/data")) with
        {
            Mounts = [Volume("data", "/data"), Bind("/run/app", "/data/state"), Volume(new string('c', 64), "/data/cache"), Volume(new string('d', 64), "/cache")],
        };

        var made = PlanSynthesis.Of(container, Defaults, "main");

        Assert.Equal(["/var/lib/docker/volumes/data/_data"], made.Plan!.Paths);
        Assert.Equal(2, made.Warnings.Count);
        Assert.Contains(made.Warnings, warning => warning.Contains("/data/state", StringComparison.Ordinal));
        Assert.Contains(made.Warnings, warning => warning.Contains("/data/cache", StringComparison.Ordinal) && !warning.Contains(", /cache", StringComparison.Ordinal));
    }

    /// <summary>A pattern that takes back an earlier one does so only behind it.</summary>
    [Fact]
    public void Patterns_keep_their_order_where_one_takes_others_back()
    {
        var plan = PlanSynthesis.Of(Container("app", ("backrest.paths.exclude", "/data/cache,!/data/cache/keep,*.tmp")), Defaults, "main").Plan!;
        string[] expected = ["/var/lib/docker/volumes/data/_data/cache", "!/var/lib/docker/volumes/data/_data/cache/keep", "*.tmp"];

        Assert.Equal(expected, plan.Excludes);
        var added = Merge(HandMade.Config, [plan]);
        Assert.Null(Merge(Text(added.Text), [plan]).Text);
        Assert.NotNull(Merge(Text(added.Text), [plan with { Excludes = [.. expected.Order(StringComparer.Ordinal)] }]).Text);
    }

    [Theory]
    [InlineData("backrest.keep", "within=7d", "backrest.keep: Backrest has no policy 'within'")]
    [InlineData("backrest.keep", "dayli=7", "backrest.keep: ")]
    [InlineData("backrest.schedule", "0 T * * *", "backrest.schedule: the hour field 'T'")]
    [InlineData("backrest.schedule", "@daily", "backrest.schedule: '@daily' has 1 fields")]
    [InlineData("backrest.schedule", "0 2 * * 7", "Sunday is 0")]
    [InlineData("backrest.paths.include", "data", "'data' is not an absolute path")]
    [InlineData("backrest.paths.include", "/data\0", "backrest.paths.include: it has a NUL character in it")]
    [InlineData("backrest.snapshot-start.1", "a\0b", "backrest.snapshot-start.1: it has a NUL character in it")]
    public void A_label_that_would_break_Backrest_costs_its_own_container_the_plan(string label, string value, string problem)
    {
        var made = PlanSynthesis.Of(Container("app", (label, value)), Defaults, "main");

        Assert.Null(made.Plan);
        Assert.Equal("backrest_sidecar_app", made.PlanId);
        Assert.Contains(problem, made.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_repository_or_without_paths_there_is_no_plan()
    {
        Assert.Contains("has no repository", PlanSynthesis.Of(Container("app"), Defaults, null).Problem, StringComparison.Ordinal);
        Assert.Contains("has no derived paths", PlanSynthesis.Of(Container("app") with { Mounts = [] }, Defaults, "main").Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_outside_of_Compose_has_the_plan_of_its_name() =>
        Assert.Equal(
            "backrest_sidecar_my_app",
            PlanSynthesis.Of(Container("app") with { Service = null, Project = null, Name = "My-App" }, Defaults with { IncludeProjectName = true }, "main").PlanId);

    [Fact]
    public void A_misspelt_label_is_told_with_the_one_that_was_meant() =>
        Assert.Contains("Is backrest.schedule meant?", Assert.Single(PlanSynthesis.Of(Container("app", ("backrest.shedule", "x")), Defaults, "main").Warnings), StringComparison.Ordinal);

    [Fact]
    public void Containers_that_would_fight_over_a_plan_get_none_and_are_told_what_to_do()
    {
        var shop = PlanSynthesis.Of(Container("db"), Defaults, "main");
        var blog = PlanSynthesis.Of(Container("db") with { Project = "blog", Name = "blog-db-1", Mounts = [Volume("blog", "/data")] }, Defaults, "main");
        var other = PlanSynthesis.Of(Container("app"), Defaults, "main");

        var all = PlanSet.WithoutFights([shop, blog, other], includesProject: false);

        Assert.Equal("backrest_sidecar_app", Assert.Single(PlanSet.Of(all)).Id);
        Assert.Contains("and so would blog-db-1, with other content: none of them gets it. Tell them apart with --include-project-name.", all[0].Problem, StringComparison.Ordinal);
        Assert.NotNull(all[1].Problem);
    }

    [Theory]
    [InlineData("a-b", "db", "a.b", "db", true, "rename one of them")]
    [InlineData("shop", "my-db", "shop", "my.db", false, "rename one of them")]
    [InlineData(null, null, null, null, true, "rename one of them")]
    [InlineData("shop", "db", "blog", "db", false, "--include-project-name")]
    [InlineData("shop", "db", null, null, false, "--include-project-name")]
    [InlineData("shop", "db", "shop", "db", true, "copies of one service")]
    public void The_advice_to_those_who_fight_is_one_that_helps(string? project, string? service, string? otherProject, string? otherService, bool includes, string advice)
    {
        var defaults = Defaults with { IncludeProjectName = includes };
        var one = PlanSynthesis.Of(Container("x") with { Project = project, Service = service, Name = service is null ? "my-db" : "1" }, defaults, "main");
        var other = PlanSynthesis.Of(
            Container("x") with { Project = otherProject, Service = otherService, Name = otherService is not null ? "2" : service is null ? "my.db" : "db", Mounts = [Volume("other", "/data")] }, defaults, "main");

        Assert.All(PlanSet.WithoutFights([one, other], includes), each => Assert.EndsWith($"{advice}.", each.Problem![..(each.Problem!.IndexOf(advice, StringComparison.Ordinal) + advice.Length)] + ".", StringComparison.Ordinal));
    }

    [Fact]
    public void Copies_of_a_service_that_say_the_same_share_one_plan()
    {
        var one = PlanSynthesis.Of(Container("web"), Defaults, "main");
        var two = PlanSynthesis.Of(Container("web") with { Name = "shop-web-2" }, Defaults, "main");

        Assert.Single(PlanSet.Of(PlanSet.WithoutFights([one, two], includesProject: false)));
    }

    [Theory]
    [InlineData("/data/t/a")]
    [InlineData("/dev/shm")]
    public void Paths_in_memory_that_the_engine_does_not_name_among_the_mounts_are_refused_too(string path)
    {
        var container = PlannedContainer.From(new ContainerDetails
        {
            Id = "0123456789abcdef",
            Name = "/app",
            State = new ContainerState { Running = true },
            Mounts = [new ContainerMount { Type = "volume", Name = "data", Destination = "/data" }],
            HostConfig = new ContainerHostConfig { Tmpfs = new Dictionary<string, string> { ["/data/t"] = "" } },
            Config = new ContainerConfig { Labels = new Dictionary<string, string> { ["backrest.enable"] = "true", ["backrest.paths.include"] = path } },
        });

        Assert.Contains("(tmpfs)", PlanSynthesis.Of(container, Defaults, "main").Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_in_memory_are_refused()
    {
        var container = Container("app", ("backrest.paths.include", "/run/x")) with { Mounts = [new ContainerMount { Type = "tmpfs", Destination = "/run" }] };

        Assert.Contains("(tmpfs)", PlanSynthesis.Of(container, Defaults, "main").Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/etc", "/etc")]
    [InlineData("/data/../../etc/./ssh", "/etc/ssh")]
    [InlineData("/..", "/")]
    [InlineData("/database", "/database")]
    public void A_path_on_no_mount_is_one_of_the_host_and_its_owner_is_told(string include, string path)
    {
        var result = Synthesize(("backrest.paths.include", include));

        Assert.Contains(path, result.Plan!.Paths);
        Assert.Single(result.Warnings, warning => warning.Contains($"takes {path} from the host", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/data")]
    [InlineData("/data/x/../y/")]
    public void A_path_on_a_mount_is_nothing_to_tell_of(string include) =>
        Assert.Empty(Synthesize(("backrest.paths.include", include)).Warnings);

    private static Synthesis Synthesize(params (string Key, string Value)[] labels) => PlanSynthesis.Of(Container("app", labels), Defaults, "main");
}
