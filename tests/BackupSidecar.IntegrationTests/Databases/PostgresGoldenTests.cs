using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Databases.PostgreSql;
using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Databases;

/// <summary>The golden database, dumped while it is written to, and restored into servers that never saw it.</summary>
public sealed class PostgresGoldenTests : IAsyncLifetime
{
    private readonly PostgresServer _server = new();
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        await GoldenPostgres.CreateAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(_file);
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(DumpVia.Client))]
    [InlineData(nameof(DumpVia.Exec))]
    public async Task A_database_in_use_comes_back_whole_on_a_server_that_never_saw_it(string via)
    {
        var expected = await _server.QueryAsync(GoldenPostgres.Database, GoldenPostgres.Digest);
        var moved = await _server.QueryAsync(GoldenPostgres.Database, "SELECT count(*) FROM bank.movement;");
        await using var fresh = new PostgresServer();
        await fresh.InitializeAsync();
        var notices = new List<string>();

        var facts = await DumpAsync(via);
        await using (var dump = File.OpenRead(_file))
            await (await EngineAsync(fresh, via)).RestoreAsync(dump, new DumpRestore { IsTrusted = true, Notice = notices.Add }, Cancellation);

        Assert.Equal(expected, await fresh.QueryAsync(GoldenPostgres.Database, GoldenPostgres.Digest));
        Assert.Equal(GoldenPostgres.InvariantHolds, await fresh.QueryAsync(GoldenPostgres.Database, GoldenPostgres.Invariant));
        Assert.NotEqual(moved, await fresh.QueryAsync(GoldenPostgres.Database, "SELECT count(*) FROM bank.movement;"));
        Assert.Equal(await SchemaAsync(_server), await SchemaAsync(fresh));
        Assert.Contains("\"Reader, of \"\"all\"\"\", \"manager\", \"owner_of_shop\"", notices[0], StringComparison.Ordinal);
        await CountsAreOfTheDumpAsync(facts.Counts, fresh);
    }

    /// <summary>Each count equals the rows that came back, also of the tables that were written to meanwhile.</summary>
    private static async Task CountsAreOfTheDumpAsync(IReadOnlyDictionary<string, long> counts, PostgresServer restored)
    {
        var sql = string.Concat(counts.Keys.Order(StringComparer.Ordinal).Select(table => $"SELECT count(*) FROM {table};\n"));
        var rows = await restored.QueryAsync(GoldenPostgres.Database, sql);
        Assert.Equal(string.Join('\n', counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => count.Value)), rows);
        Assert.Equal(1_000_000, counts["shop.million"]);
        Assert.Equal(2, counts["\"we;ird \"\"näme😀.x\".\"line\nbreak FROM stdin;\""]);
        Assert.Equal(0, counts["shop.empty"]);
        Assert.Equal(12, counts.Count);
    }

    private async Task<DumpFacts> DumpAsync(string via)
    {
        var engine = await EngineAsync(_server, via);
        await using var work = await GoldenPostgres.WorkAsync(_server);
        await engine.CheckAsync(Cancellation);
        await using var destination = File.Create(_file);
        return await engine.DumpAsync(destination, Cancellation);
    }

    private static async Task<Postgres> EngineAsync(PostgresServer server, string via) =>
        PostgresTools.Engine(await server.ContainerUriAsync(GoldenPostgres.Database), GoldenPostgres.Database, Enum.Parse<DumpVia>(via));

    /// <summary>What the server's own pg_dump says of the schema, without what it makes up each time.</summary>
    private static async Task<string> SchemaAsync(PostgresServer server)
    {
        var output = await DockerCli.RunAsync(
            "exec", server.Container, "pg_dump", "--schema-only", "--create", "--username=postgres", "--dbname=" + GoldenPostgres.Database);
        return string.Join('\n', output.Split('\n').Where(line => !line.StartsWith('\\')));
    }
}
