using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Restore;

public sealed class PartsOfAServerTests
{
    private static readonly DatabaseServerPlan One = Server("postgres-all", "one");
    private static readonly DatabaseServerPlan Two = Server("postgres-all-2", "two");

    [Fact]
    public void Databases_go_back_to_the_server_that_they_are_of_and_the_globals_go_first()
    {
        var plan = Plan([Line(One.Part("shop")), Line(One.Globals), Line(One.Part("new shop"))], [One]);

        Assert.Equal(["postgres-all-globals.sql", "postgres-all-shop.dump", "postgres-all-new_shop.dump"], plan.Steps.Select(step => step.Source.Entry));
        Assert.Equal(["", "shop", "new shop"], plan.Steps.Select(step => Assert.IsType<DatabaseSourcePlan>(step.Target).DatabaseName));
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    public void Two_servers_are_not_swapped_when_the_configuration_is()
    {
        var plan = Plan(
            [Line(One.Part("shop")), Line(Two.Part("shop"))],
            [Two with { EntryName = "postgres-all" }, One with { EntryName = "postgres-all-2" }]);

        Assert.Equal(["postgresql://u@one/shop", "postgresql://u@two/shop"], plan.Steps.Select(step => step.Target!.Origin));
    }

    [Fact]
    public void On_a_new_host_they_go_to_the_server_of_that_name() =>
        Assert.Equal(
            ["postgresql://u@new/shop", "postgresql://u@two/shop"],
            Plan([Line(One.Part("shop")), Line(Two.Part("shop"))], [Server("postgres-all", "new"), Two]).Steps.Select(step => step.Target!.Origin));

    [Fact]
    public void What_a_server_that_is_gone_held_never_goes_to_another_that_has_its_own()
    {
        var plan = Plan([Line(One.Part("shop")), Line(Two.Part("shop")), Line(Two.Part("extra"))], [One]);

        Assert.Equal("postgresql://u@one/shop", Assert.Single(plan.Steps).Target!.Origin);
        Assert.Equal(["postgres-all-2-extra.dump", "postgres-all-2-shop.dump"], plan.Skipped.Select(source => source.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_server_that_took_over_the_name_of_one_that_is_gone_gets_only_its_own()
    {
        var plan = Plan([Line(One.Part("shop")), Line(Two.Part("other"))], [Two with { EntryName = "postgres-all" }]);

        Assert.Equal("postgresql://u@two/other", Assert.Single(plan.Steps).Target!.Origin);
    }

    [Theory]
    [InlineData("shop", "postgres-all-shop.dump")]
    [InlineData("postgres-all", "postgres-all-globals.sql,postgres-all-shop.dump,postgres-all-other.dump")]
    public void One_of_them_is_named_by_its_database_and_all_by_their_server(string name, string entries)
    {
        var plan = Plan([Line(One.Globals), Line(One.Part("shop")), Line(One.Part("other"))], [One], new RestoreOptions { Only = [name] });

        Assert.Equal(entries.Split(','), plan.Steps.Select(step => step.Source.Entry));
    }

    [Fact]
    public void A_database_of_a_server_goes_to_the_one_that_is_configured_by_itself_now() =>
        Assert.Equal("postgresql://u@one/shop", Assert.Single(Plan(
            [Line(One.Part("shop"))],
            [new DatabaseSourcePlan(SourceKind.Postgres, "postgres-shop.dump", "shop", new Secret("postgresql://one/shop"), "postgresql://u@one/shop")]).Steps).Target!.Origin);

    [Fact]
    public void A_server_that_could_not_be_asked_is_a_loss()
    {
        var failed = Line(One.Part("shop")) with { Entry = One.EntryName, Origin = One.Origin, Database = null, PartOf = null, State = SourceState.Failed, Problem = "nobody answers" };

        var plan = Plan([failed, new ManifestSource { Kind = "file", Entry = "a", Origin = "/a", State = SourceState.Complete }], [One, new FileSourcePlan("a", "/a")]);

        Assert.True(Assert.Single(plan.Skipped).IsLoss);
    }

    [Fact]
    public void Files_of_a_pattern_go_back_where_they_were_and_nowhere_else()
    {
        var pattern = new SqlitePatternPlan("sqlite-_.db", "/data/*.db");

        var plan = Plan([Sqlite("/data/a.db"), Sqlite("/data/sub/b.db"), Sqlite("/data/.c.db"), Sqlite("/etc/d.db")], [pattern]);

        Assert.Equal("/data/a.db", Assert.Single(plan.Steps).Target!.Origin);
        Assert.Equal(3, plan.Skipped.Count);
    }

    private static ManifestSource Sqlite(string path) =>
        new() { Kind = SourceKind.Sqlite, Entry = $"sqlite-{Path.GetFileName(path)}.db", Origin = path, State = SourceState.Complete };

    private static DatabaseServerPlan Server(string entry, string host) =>
        new(SourceKind.Postgres, entry, new Secret($"postgresql://u:p@{host}/*"), $"postgresql://u@{host}/*");

    private static ManifestSource Line(DatabaseSourcePlan plan) => new()
    {
        Kind = plan.Kind,
        Entry = plan.EntryName,
        Origin = plan.Origin,
        State = SourceState.Complete,
        Database = plan.IsGlobals ? null : plan.DatabaseName,
        PartOf = plan.PartOf,
    };

    private static RestorePlan Plan(IReadOnlyList<ManifestSource> lines, IReadOnlyList<SourcePlan> sources, RestoreOptions? options = null)
    {
        var manifest = new Manifest
        {
            CreatedBy = "a test",
            RunId = Guid.Empty,
            BackupName = "shop",
            Archive = "shop-2026-11-20-030000.tar.gz",
            StartedAt = DateTimeOffset.UnixEpoch,
            FinishedAt = DateTimeOffset.UnixEpoch,
            TimeZone = "UTC",
            Compression = "gzip",
            Encryption = "none",
            Sources = lines,
        };
        var current = new BackupPlan { Name = "shop", ArchiveExtension = ".tar.gz", Sources = sources };
        return RestorePlanner.Plan(manifest.Archive, RestorePlanner.Contents(manifest), current, options ?? new RestoreOptions());
    }
}
