using BackupSidecar.Configuration;
using BackupSidecar.Discovery;
using BackupSidecar.Docker;

namespace BackupSidecar.Tests.Discovery;

public sealed class LabelSurveyTests
{
    private static readonly Covered Nothing = new(new HashSet<string>(), new HashSet<string>());

    [Fact]
    public void Labels_of_another_project_are_read_only_where_all_are()
    {
        ContainerSummary[] containers = [Labelled.Container("ours", Labelled.Enough(), "shop"), Labelled.Container("theirs", Labelled.Enough(), "blog"), Labelled.Container("nobodys", Labelled.Enough())];

        Assert.Equal([LabelStanding.OutOfScope, LabelStanding.BackedUp, LabelStanding.OutOfScope], Standings(new(LabelScope.Project, "shop", null, Labelled.Policy), containers));
        Assert.Equal([LabelStanding.OutOfScope, LabelStanding.OutOfScope, LabelStanding.OutOfScope], Standings(new(LabelScope.Project, null, null, Labelled.Policy), containers));
        Assert.Equal([LabelStanding.BackedUp, LabelStanding.BackedUp, LabelStanding.BackedUp], Standings(All, containers));
    }

    [Fact]
    public void Of_two_containers_that_stand_for_one_service_the_running_or_the_newer_one_is_meant()
    {
        var before = Labelled.Container("abc_shop_db_1", Labelled.Enough(), "shop", created: 1, service: "db");
        var after = Labelled.Container("shop_db_1", Labelled.Enough(), "shop", created: 2, service: "db");

        Assert.Equal([LabelStanding.Replaced, LabelStanding.BackedUp], Standings(All, before with { State = "exited" }, after));
        Assert.Equal([LabelStanding.BackedUp, LabelStanding.Replaced], Standings(All, before, after with { State = "created" }));
        Assert.Equal([LabelStanding.Replaced, LabelStanding.BackedUp], Standings(All, before with { State = "exited" }, after with { State = "created" }));
    }

    [Theory]
    [InlineData("running", "backup.enabled")]
    [InlineData("paused", "backup.enabled")]
    [InlineData("restarting", "backup.enabled")]
    [InlineData("running", "backup.type")]
    [InlineData("running", null)]
    public void A_container_that_claims_to_be_another_one_that_runs_does_not_take_its_place(string state, string? without)
    {
        var labels = without is null ? Labelled.Enough() : Labelled.Enough().Without(without);
        var first = Labelled.Container("shop-db-1", labels, "shop", state, created: 1, service: "db");
        var claiming = Labelled.Container("a-claim", Labelled.Enough().With("backup.retention", "1s"), "shop", created: 2, service: "db");

        var found = All.Of([first, claiming]);

        Assert.NotEqual(LabelStanding.BackedUp, found[0].Standing);
        Assert.Contains(found[0].Remarks, remark => remark.Contains("shop-db-1", StringComparison.Ordinal) && remark.Contains("shop/db/1", StringComparison.Ordinal));
        Assert.Equal(without is null, found[1].Standing == LabelStanding.BackedUp);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("z")]
    public void Of_two_containers_of_one_second_the_engine_lists_the_older_one_last(string first)
    {
        var older = Labelled.Container(first, Labelled.Enough(), "shop", service: "db");
        var newer = Labelled.Container("m", Labelled.Enough(), "shop", service: "db");

        LabelStanding Standing(ContainerSummary of, params ContainerSummary[] listed) => All.Of(listed).Single(each => each.Container.Name == of.PlainName).Standing;

        Assert.Equal(LabelStanding.BackedUp, Standing(older, newer, older));
        Assert.Equal(LabelStanding.Duplicate, Standing(newer, newer, older));
        (older, newer) = (older with { State = "exited" }, newer with { State = "exited" });
        Assert.Equal(LabelStanding.Replaced, Standing(older, newer, older));
        Assert.Equal(LabelStanding.BackedUp, Standing(newer, newer, older));
    }

    [Fact]
    public void Each_container_of_a_scaled_service_has_its_own_job_and_is_told_of_the_others()
    {
        var found = All.Of([Labelled.Container("db-1", Labelled.Enough(), "shop", service: "db"), Labelled.Container("db-2", Labelled.Enough(), "shop", service: "db", number: 2)]);

        Assert.All(found, each => Assert.Equal(LabelStanding.BackedUp, each.Standing));
        Assert.Equal(["shop/db/1", "shop/db/2"], found.Select(each => each.Container.Identity));
        // There is one set of labels for all of them, so none can have a prefix of its own.
        Assert.All(found, each => Assert.DoesNotContain("backup.prefix", Assert.Single(each.Remarks), StringComparison.Ordinal));
    }

    [Fact]
    public void Two_databases_whose_dumps_have_the_same_names_are_told_of()
    {
        var found = All.Of([Labelled.Container("blog-db", Labelled.Enough()), Labelled.Container("shop-db", Labelled.Enough())]);

        Assert.All(found, each => Assert.Contains("backup.prefix", Assert.Single(each.Remarks), StringComparison.Ordinal));
    }

    [Fact]
    public void A_container_of_compose_run_is_not_its_service()
    {
        var labels = Labelled.Enough().With(ComposeLabels.OneOff, "True");

        Assert.Equal([LabelStanding.OneOff], Standings(All, Labelled.Container("shop_db_run_1", labels, "shop", service: "db")));
    }

    [Fact]
    public void Neither_our_own_container_nor_one_of_a_drill_is_looked_at()
    {
        var own = Labelled.Container("sidecar", Labelled.Enough());

        Assert.Empty(new LabelSurvey(LabelScope.All, null, own.Id, Labelled.Policy).Of([own, Labelled.Container("drill", Labelled.Enough().With(OwnLabels.Drill, "x"))]));
    }

    [Fact]
    public void A_task_of_a_swarm_is_the_same_when_it_is_made_anew()
    {
        var labels = Labelled.Enough().With("com.docker.swarm.task.name", "shop_db.1.p3qx8a7z");

        Assert.Equal("shop_db.1", LabelledContainer.From(Labelled.Container("shop_db.1.p3qx8a7z", labels)).Identity);
    }

    [Theory]
    [InlineData("postgres:16-alpine", null, "the image of a database (postgres:16-alpine)")]
    [InlineData("docker.io/bitnami/mariadb@sha256:abc", null, "the image of a database")]
    [InlineData("timescale/timescaledb-ha:pg16", "shop_db", "the image of a database (timescale/timescaledb-ha:pg16) and a volume (shop_db)")]
    [InlineData("nginx", "shop_uploads", "a volume (shop_uploads)")]
    [InlineData("nginx", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", null)]
    [InlineData("prometheuscommunity/postgres-exporter", null, null)]
    [InlineData("nginx", null, null)]
    public void What_keeps_data_and_is_backed_up_by_nobody_is_found(string image, string? volume, string? why)
    {
        var container = Labelled.Container("it", []) with { Image = image, Mounts = Volume(volume) };

        var told = Stateful.WhyUnprotected(Assert.Single(All.Of([container])), Nothing);

        Assert.StartsWith(why ?? "nothing", told ?? "nothing", StringComparison.Ordinal);
    }

    [Fact]
    public void What_labels_or_settings_have_backed_up_is_no_worry()
    {
        var labelled = Labelled.Container("db", Labelled.Enough()) with { Image = "postgres" };
        var named = Labelled.Container("shop-db-1", [], "shop", service: "db") with { Image = "postgres", Mounts = Volume("shop_db") };
        var files = Labelled.Container("app", []) with { Image = "app", Mounts = Volume("uploads") };
        var own = new ContainerMount { Type = "volume", Name = "uploads", Destination = "/data/uploads" };
        var sources = new SourceSettings
        {
            Postgres = [new DatabaseUri(new Secret("postgres://u:p@db/shop"), new DatabaseOptions())],
            Directories = [new NamedPath("/data", "data")],
        };
        var covered = CoveredBySettings.Of(sources, [own]);

        Assert.All(All.Of([labelled, named, files]), each => Assert.Null(Stateful.WhyUnprotected(each, covered)));
        Assert.Equal(2, All.Of([labelled, named, files]).Count(each => Stateful.WhyUnprotected(each, Nothing) is not null));
    }

    private static LabelSurvey All => new(LabelScope.All, null, null, Labelled.Policy);

    private static ContainerMount[] Volume(string? name) =>
        name is null ? [] : [new ContainerMount { Type = "volume", Name = name, Destination = "/data", IsWritable = true }];

    private static IEnumerable<LabelStanding> Standings(LabelSurvey survey, params ContainerSummary[] containers) =>
        survey.Of(containers).Select(each => each.Standing);
}
