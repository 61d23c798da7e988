using BackupSidecar.Archives;
using BackupSidecar.Planning;
using BackupSidecar.Tests.Configuration;

namespace BackupSidecar.Tests.Restore;

/// <summary>What was backed up with one configuration, and is restored with another.</summary>
public sealed class SourceMatchTests
{
    [Fact]
    public void Directories_of_one_name_that_moved_are_not_swapped_but_refused()
    {
        var error = Assert.Throws<RestoreException>(() => Plan(Directories("/dd/x/data,/dd/y/data"), Directories("/dd/n/y/data,/dd/n/x/data")));

        Assert.Contains("data-2: it was /dd/y/data,", error.Message, StringComparison.Ordinal);
        Assert.Contains("BACKUP_DIRS=/path:data-2", error.Message, StringComparison.Ordinal);
        Assert.Contains("--to DIR", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directories_of_one_name_that_moved_go_where_their_names_are_given() =>
        Assert.Equal(
            [("data", "/dd/n/x/data"), ("data-2", "/dd/n/y/data")],
            Targets(Plan(Directories("/dd/x/data,/dd/y/data"), Directories("/dd/n/y/data:data-2,/dd/n/x/data:data"))));

    [Theory]
    [InlineData("/dd/x/data,/dd/y/data", "/dd/n/y/data", "data,data-2,data")]
    [InlineData("/dd/x/data", "/dd/n/y/data,/dd/n/x/data", "data,data,data-2")]
    [InlineData("/dd/x/data,/dd/y/data", "/dd/z/data,/dd/y/data", "data,data")]
    public void Neither_a_source_nor_a_target_that_shared_its_name_is_guessed(string then, string now, string skipped)
    {
        var plan = Plan(Directories(then + ",/other"), Directories(now + ",/other"));

        Assert.All(plan.Steps, step => Assert.Equal(step.Source.Manifest!.Origin, step.Target!.Origin));
        Assert.Equal(skipped.Split(','), plan.Skipped.Select(source => source.Name));
        Assert.All(plan.Skipped, source => Assert.DoesNotContain("not in this backup", source.Reason, StringComparison.Ordinal));
        Assert.Contains(plan.Skipped, source => source.IsLoss);
    }

    [Fact]
    public void A_directory_whose_own_name_ends_in_a_number_moves_like_any_other() =>
        Assert.Equal(
            [("data", "/new/data"), ("data-2", "/new/data-2")],
            Targets(Plan(Directories("/mnt/data,/mnt/data-2"), Directories("/new/data-2,/new/data"))));

    [Fact]
    public void Databases_of_one_name_on_servers_that_moved_are_not_swapped_but_refused()
    {
        var then = Said.Enough.With("BACKUP_POSTGRES", "postgresql://one/shop,postgresql://two/shop");

        var error = Assert.Throws<RestoreException>(() => Plan(
            then, Said.Enough.With("BACKUP_POSTGRES", "postgresql://four/shop,postgresql://three/shop"), new RestoreOptions { Only = ["postgres"] }));
        var plan = Plan(then, Said.Enough.With("BACKUP_POSTGRES", "postgresql://four/shop?backup.name=shop-2,postgresql://three/shop?backup.name=shop"));

        Assert.Contains("postgres://HOST/?backup.name=shop-2", error.Message, StringComparison.Ordinal);
        Assert.Equal([("postgres-shop.dump", "postgresql://three/shop"), ("postgres-shop-2.dump", "postgresql://four/shop")], Targets(plan).Take(2));
    }

    [Fact]
    public void A_database_is_not_found_by_its_own_name_where_two_have_that()
    {
        var plan = Plan(
            Said.Enough.With("BACKUP_POSTGRES", "postgresql://one/shop?backup.name=a,postgresql://two/shop?backup.name=b"),
            Said.Enough.With("BACKUP_POSTGRES", "postgresql://three/shop"));

        Assert.Equal("/data", Assert.Single(plan.Steps).Target!.Origin);
        Assert.Equal(3, plan.Skipped.Count);
    }

    [Fact]
    public void A_database_file_names_its_variable_and_its_name_there() =>
        Assert.Contains(
            "BACKUP_SQLITE=/path:app.db-2",
            Plan(Said.Enough.With("BACKUP_SQLITE", "/x/app.db,/y/app.db"), Said.Enough.With("BACKUP_SQLITE", "/z/app.db")).Skipped[1].Reason,
            StringComparison.Ordinal);

    [Fact]
    public void Servers_that_moved_are_not_swapped_but_one_of_them_is_found()
    {
        var then = Said.Enough.With("BACKUP_POSTGRES", "postgresql://one/*,postgresql://two/*");

        var both = Plan(then, Said.Enough.With("BACKUP_POSTGRES", "postgresql://four/*,postgresql://three/*"));
        var first = Plan(then, Said.Enough.With("BACKUP_POSTGRES", "postgresql://three/*,postgresql://two/*"));
        var named = Plan(then, Said.Enough.With("BACKUP_POSTGRES", "postgresql://four/*?backup.name=all-2,postgresql://three/*?backup.name=all"));

        Assert.Equal([("data", "/data")], Targets(both));
        Assert.Contains("backup.name=all-2", both.Skipped[1].Reason, StringComparison.Ordinal);
        Assert.Equal(["postgresql://three/shop", "postgresql://two/shop", "/data"], Targets(first).Select(target => target.Origin));
        Assert.Equal(["postgresql://three/shop", "postgresql://four/shop", "/data"], Targets(named).Select(target => target.Origin));
    }

    private static Said Directories(string paths) => Said.Enough.With("BACKUP_DIRS", paths);

    private static IEnumerable<(string Entry, string Origin)> Targets(RestorePlan plan) =>
        plan.Steps.Select(step => (step.Source.Entry, step.Target!.Origin)); // None of them is to a folder.

    private static RestorePlan Plan(Said then, Said now, RestoreOptions? options = null) => RestorePlanner.Plan(
        "stack-2026-11-20-030000.tar.gz", [.. Planned(then).Sources.Select(Archived)], Planned(now), options ?? new RestoreOptions());

    private static BackupPlan Planned(Said said) => BackupPlanner.Plan(said.Settings()).Plan;

    /// <summary>As a run writes it down; each server has one database.</summary>
    private static ArchivedSource Archived(SourcePlan plan)
    {
        var source = plan is DatabaseServerPlan server ? server.Part("shop") : plan;
        var database = source as DatabaseSourcePlan;
        var line = new ManifestSource
        {
            Kind = source.Kind,
            Entry = source.EntryName,
            Origin = source.Origin,
            State = SourceState.Complete,
            Database = database?.DatabaseName,
            PartOf = database?.PartOf,
        };
        return new ArchivedSource(line.Kind, line.Entry, line.Entry, line.Kind == SourceKind.Directory ? ArchivedForm.Tree : ArchivedForm.File, line);
    }
}
