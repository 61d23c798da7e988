using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Planning;
using BackupSidecar.Reports;
using BackupSidecar.Runs.Backups;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Runs;

public sealed class PlanExpansionTests
{
    private static readonly DatabaseServerPlan Server =
        new(SourceKind.Postgres, "postgres-all", new Secret("postgresql://u:p@db:5432/*"), "postgresql://u@db:5432/*");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_gives_way_to_its_globals_and_databases()
    {
        var sources = await ExpandAsync(["a b", "a_b", "shop"], Server, Database("postgres-all-shop.dump"));

        Assert.Equal(
            [
                ("postgres-all-globals.sql", "", "postgresql://u@db:5432/*", "postgres-all"),
                ("postgres-all-a_b.dump", "a b", "postgresql://u@db:5432/a%20b", "postgres-all"),
                ("postgres-all-a_b-2.dump", "a_b", "postgresql://u@db:5432/a_b", "postgres-all"),
                ("postgres-all-shop-2.dump", "shop", "postgresql://u@db:5432/shop", "postgres-all"),
                ("postgres-all-shop.dump", "shop", "postgresql://db/shop", null),
            ],
            sources.Cast<DatabaseSourcePlan>().Select(source => (source.EntryName, source.DatabaseName, source.Origin, source.PartOf)));
    }

    [Fact]
    public async Task A_server_that_cannot_be_asked_is_one_failed_source()
    {
        await using var scene = new BackupScene { Databases = _ => throw new DatabaseException("nobody answers") };
        scene.Sources.Add(Server);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Partial, report.Outcome);
        Assert.Contains("postgres-all (postgresql://u@db:5432/*) cannot be backed up: nobody answers", report.Problems);
        Assert.Equal("nobody answers", (await scene.ManifestAsync(report)).Sources.Single(source => source.Entry == "postgres-all").Problem);
    }

    [Fact]
    public async Task A_pattern_gives_way_to_the_databases_of_its_directory()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "b.db", "a.db", ".hidden.db" })
            folder.Shell($"sqlite3 {name} 'CREATE TABLE t(a)'");
        folder.Shell("echo text > c.db; mkfifo d.db; mkdir e.db; ln -s a.db f.db; ln -s nowhere g.db; sqlite3 e.db/h.db 'CREATE TABLE t(a)'");

        var sources = await ExpandAsync([], new SqlitePatternPlan("sqlite-_.db", folder["*.db"]));

        Assert.Equal(
            [("sqlite-a.db.db", folder["a.db"]), ("sqlite-b.db.db", folder["b.db"])],
            sources.Select(source => (source.EntryName, source.Origin)));
    }

    [Theory]
    [InlineData("nothing-*.db", "no SQLite database fits this pattern")]
    [InlineData("missing/*.db", "the directory cannot be read")]
    public async Task A_pattern_that_fits_nothing_is_a_failed_source(string pattern, string problem)
    {
        using var folder = new TemporaryFolder();

        var sources = await ExpandAsync([], new SqlitePatternPlan("sqlite-_.db", folder[pattern]));

        Assert.Contains(problem, Assert.IsType<UnresolvedSourcePlan>(Assert.Single(sources)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_databases_of_a_pattern_are_backed_up()
    {
        await using var scene = new BackupScene();
        scene.Sources.Add(new SqlitePatternPlan("sqlite-_.db", scene["uploads", "*.db"]));
        var folder = Path.GetDirectoryName(scene["uploads", "x"]);
        await BackupSidecar.Processes.RunningProcess.RunAsync(
            new BackupSidecar.Processes.Command("sqlite3", Path.Combine(folder!, "one.db"), "CREATE TABLE t(a)"), Cancellation);

        var report = await scene.RunAsync();

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Contains("sqlite-one.db.db", report.Sources.Select(source => source.EntryName));
    }

    private static DatabaseSourcePlan Database(string entry) =>
        new(SourceKind.Postgres, entry, "shop", new Secret("postgresql://db/shop"), "postgresql://db/shop");

    private static async Task<IReadOnlyList<SourcePlan>> ExpandAsync(IReadOnlyList<string> databases, params SourcePlan[] sources)
    {
        var plan = new BackupPlan { Name = "shop", Sources = sources, ArchiveExtension = ".tar.gz" };
        return (await new PlanExpansion((_, _) => Task.FromResult(databases)).ExpandAsync(plan, Cancellation)).Sources;
    }
}
