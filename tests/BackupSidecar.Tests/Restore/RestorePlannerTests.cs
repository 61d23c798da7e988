using BackupSidecar.Archives;
using BackupSidecar.Configuration;
using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Restore;

public sealed class RestorePlannerTests
{
    [Fact]
    public void Each_source_goes_where_it_is_configured_now_and_databases_go_first()
    {
        var plan = Plan([Archived("directory", "uploads"), Archived("file", "app.cfg"), Archived("postgres", "postgres-shop.dump")],
            [new DirectorySourcePlan("uploads", "/new/uploads"), new FileSourcePlan("app.cfg", "/etc/app.cfg"), Database("shop")]);

        Assert.Equal(["postgres-shop.dump", "uploads", "app.cfg"], plan.Steps.Select(step => step.Source.Entry));
        Assert.Equal(["postgresql://db/shop", "/new/uploads", "/etc/app.cfg"], plan.Steps.Select(step => step.Target!.Origin));
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    public void Databases_of_one_name_on_two_servers_are_not_swapped_when_the_configuration_is()
    {
        var plan = Plan(
            [Archived("postgres", "postgres-shop.dump", "postgresql://one/shop"), Archived("postgres", "postgres-shop-2.dump", "postgresql://two/shop")],
            [Database("shop", "postgres-shop.dump", "postgresql://two/shop"), Database("shop", "postgres-shop-2.dump", "postgresql://one/shop")]);

        Assert.Equal(["postgresql://one/shop", "postgresql://two/shop"], plan.Steps.Select(step => step.Target!.Origin));
    }

    [Fact]
    public void On_a_new_host_the_name_of_the_entry_ties_a_database_to_its_dump() =>
        Assert.Equal("postgresql://db/shop", Assert.Single(
            Plan([Archived("postgres", "postgres-shop.dump", "postgresql://old-host/shop")], [Database("shop")]).Steps).Target!.Origin);

    [Fact]
    public void A_database_is_found_by_its_name_where_its_entry_is_called_otherwise_now() =>
        Assert.Single(Plan([Archived("postgres", "postgres-shop.dump")], [Database("shop", "postgres-shop-2.dump")]).Steps);

    [Fact]
    public void A_file_that_was_a_SQLite_database_goes_back_to_either_kind() =>
        Assert.Single(Plan([Archived("sqlite", "app.db")], [new FileSourcePlan("app.db", "/data/app.db")]).Steps);

    [Fact]
    public void A_directory_never_goes_to_a_file_of_the_same_name() =>
        Assert.Throws<RestoreException>(() => Plan([Archived("directory", "app")], [new FileSourcePlan("app", "/app")]));

    [Fact]
    public void What_is_left_out_has_a_reason_and_only_what_is_missed_is_a_loss()
    {
        var plan = Plan(
            [
                Archived("file", "kept"), Archived("file", "gone"),
                Archived("file", "broken") with { Manifest = Line("file", "broken", SourceState.Failed, "it was unreadable") },
            ],
            [new FileSourcePlan("kept", "/kept"), new FileSourcePlan("broken", "/broken"), new FileSourcePlan("new", "/new")]);

        Assert.Equal([("gone", false), ("broken", true), ("new", true)], plan.Skipped.Select(skipped => (skipped.Name, skipped.IsLoss)));
        Assert.Contains("it was unreadable", plan.Skipped[1].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres-shop.dump")]
    [InlineData("shop")]
    [InlineData("postgres")]
    public void One_source_can_be_named_by_its_entry_its_short_name_or_its_kind(string name)
    {
        var plan = Plan([Archived("file", "app.cfg"), Archived("postgres", "postgres-shop.dump")],
            [new FileSourcePlan("app.cfg", "/app.cfg"), Database("shop")], new RestoreOptions { Only = [name] });

        Assert.Equal("postgres-shop.dump", Assert.Single(plan.Steps).Source.Entry);
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_that_there_are()
    {
        var error = Assert.Throws<RestoreException>(() => Plan([Archived("file", "app.cfg")], [new FileSourcePlan("new", "/new")],
            new RestoreOptions { Only = ["new", "other"] }));

        Assert.Contains("'new', 'other'", error.Message, StringComparison.Ordinal);
        Assert.Contains("It has: app.cfg", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void To_a_folder_everything_goes_whether_it_is_configured_or_not()
    {
        var plan = Plan([Archived("file", "gone")], [new FileSourcePlan("new", "/new")], new RestoreOptions { ToDirectory = "/out" });

        Assert.Null(Assert.Single(plan.Steps).Target);
        Assert.Empty(plan.Skipped);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("../../etc/cron.d/x")]
    public void A_manifest_cannot_name_an_entry_that_leads_out(string entry) =>
        Assert.Throws<BackupRefusedException>(() => RestorePlanner.Contents(Manifest(Line("file", entry, SourceState.Complete))));

    [Fact]
    public void A_manifest_cannot_name_an_entry_twice()
    {
        var line = Line("file", "twice", SourceState.Complete);

        Assert.Throws<BackupRefusedException>(() => RestorePlanner.Contents(Manifest(line) with { Sources = [line, line] }));
    }

    [Fact]
    public void What_docker_backup_sidecar_packed_is_told_by_its_names()
    {
        var current = new BackupPlan { Name = "n", ArchiveExtension = ".tar.gz", Sources = [new FileSourcePlan("dump.tar.gz", "/dump.tar.gz")] };

        var contents = RestorePlanner.LegacyContents(["postgres-shop.dump", "mongodb-dump", "uploads.tar.gz", "app.cfg", "dump.tar.gz"], current);

        Assert.Equal(
            [
                ("postgres", "postgres-shop.dump", ArchivedForm.File), ("mongodb", "mongodb-dump", ArchivedForm.DumpFolder),
                ("directory", "uploads", ArchivedForm.NestedTree), ("file", "app.cfg", ArchivedForm.File), ("file", "dump.tar.gz", ArchivedForm.File),
            ],
            contents.Select(source => (source.Kind, source.Entry, source.Form)));
    }

    [Fact]
    public void A_folder_of_mongodump_goes_to_the_MongoDB_that_is_configured()
    {
        var mongo = new DatabaseSourcePlan(SourceKind.Mongodb, "mongodb-all.archive", "all", new Secret("mongodb://x"), "mongodb://db");
        var current = new BackupPlan { Name = "n", ArchiveExtension = ".tar.gz", Sources = [mongo] };

        var plan = RestorePlanner.Plan("a", RestorePlanner.LegacyContents(["mongodb-dump"], current), current, new RestoreOptions());

        Assert.Equal(mongo, Assert.Single(plan.Steps).Target);
    }

    [Fact]
    public void The_plan_reads_as_what_will_happen()
    {
        var plan = Plan(
            [Archived("directory", "uploads"), Archived("postgres", "postgres-shop.dump", "postgresql://db/shop"), Archived("file", "gone")],
            [new DirectorySourcePlan("uploads", "/data/uploads"), Database("shop")]);

        Assert.Equal(
            """
            Restore of shop-2026-11-20-030000.tar.gz
              postgres-shop.dump -> database postgresql://db/shop (what the backup holds of it is replaced; what was added since stays)
              uploads, from /elsewhere -> directory /data/uploads (made equal to the backup; other files in it go)
              not restored: gone: it is in the archive, but not configured any more (--to DIR unpacks it)
            Services that stand still meanwhile: app, worker

            """,
            RestorePlanText.Of(plan, ["app", "worker"]));
    }

    [Fact]
    public void A_SQLite_database_under_another_name_is_shown_where_it_will_stand()
    {
        var plan = Plan(
            [Archived("sqlite", "sqlite-app.db.db", "/data/sqlite/app.db")], [new SqliteSourcePlan("sqlite-app.db.db", "/data/sqlite/app.db")],
            new RestoreOptions { DatabaseAs = "old.db" });

        Assert.Contains(
            "  sqlite-app.db.db -> a new file /data/sqlite/old.db beside /data/sqlite/app.db, which is not touched\n",
            RestorePlanText.Of(plan, []), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis", false)]
    [InlineData("postgres", true)]
    public void What_has_no_databases_with_names_is_not_planned_to_be_restored_under_another(string kind, bool isGlobals) =>
        Assert.Contains("--database-as", Assert.Throws<RestoreException>(() => Plan(
            [Archived(kind, "dump")],
            [new DatabaseSourcePlan(kind, "dump", "cache", new Secret("x://cache"), "x://cache") { IsGlobals = isGlobals }],
            new RestoreOptions { DatabaseAs = "other" })).Message, StringComparison.Ordinal);

    private static RestorePlan Plan(IReadOnlyList<ArchivedSource> contents, IReadOnlyList<SourcePlan> sources, RestoreOptions? options = null) =>
        RestorePlanner.Plan("shop-2026-11-20-030000.tar.gz", contents,
            new BackupPlan { Name = "shop", ArchiveExtension = ".tar.gz", Sources = sources }, options ?? new RestoreOptions());

    private static ArchivedSource Archived(string kind, string entry, string origin = "/elsewhere") =>
        RestorePlanner.Contents(Manifest(Line(kind, entry, SourceState.Complete) with { Origin = origin }))[0];

    private static ManifestSource Line(string kind, string entry, SourceState state, string? problem = null) =>
        new() { Kind = kind, Entry = entry, Origin = "/elsewhere", State = state, Problem = problem };

    private static DatabaseSourcePlan Database(string name, string? entry = null, string? origin = null) =>
        new(SourceKind.Postgres, entry ?? $"postgres-{name}.dump", name, new Secret("postgresql://u:p@db/" + name), origin ?? "postgresql://db/" + name);

    private static Manifest Manifest(ManifestSource source) => new()
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
        Sources = [source],
    };
}
