using BackupSidecar.Configuration;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Sources;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class PostgresKillTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Six times, or with BACKUP_TEST_LONG=1 thirty times.</summary>
    [Fact]
    public async Task A_server_that_is_killed_at_any_moment_of_a_dump_fails_the_source_and_leaves_nothing()
    {
        var times = Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1" ? 30 : 6;
        var random = new Random(20261121);
        await using var server = new PostgresServer();
        await server.InitializeAsync();
        await server.QueryAsync("postgres", "CREATE TABLE big AS SELECT g, repeat(md5(g::text), 100) AS t FROM generate_series(1, 60000) g; CHECKPOINT;");
        var size = await DumpAsync(server, server.Uri("postgres"), DumpVia.Client, killAt: long.MaxValue);
        for (var i = 0; i < times; i++)
        {
            // Where the client speaks to the container itself, that one vanishes with its network, and only silence tells.
            var (uri, via) = i % 2 == 0 ? (await server.ContainerUriAsync("postgres"), DumpVia.Exec)
                : i % 6 == 1 ? (await server.ContainerUriAsync("postgres"), DumpVia.Client)
                : (server.Uri("postgres"), DumpVia.Client);
            // Near the end the rest of the dump may be on its way already, and then it is whole.
            var killAt = random.NextInt64(1, size * 9 / 10);

            var failure = await Assert.ThrowsAsync<SourceException>(() => DumpAsync(server, uri, via, killAt));

            Assert.DoesNotContain("staging", failure.Message, StringComparison.Ordinal);
            await server.StartAgainAsync();
        }
        Assert.InRange(await DumpAsync(server, await server.ContainerUriAsync("postgres"), DumpVia.Exec, killAt: long.MaxValue), size * 9 / 10, size * 11 / 10);
        Assert.Equal("0", await server.QueryAsync("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pg_dump%';"));
        Assert.DoesNotContain("pg_dump", await DockerCli.RunAsync("top", server.Container), StringComparison.Ordinal);
    }

    /// <summary>Dumps through staging, which must be empty afterwards, and returns the size of the dump.</summary>
    private static async Task<long> DumpAsync(PostgresServer server, Secret uri, DumpVia via, long killAt)
    {
        var root = Directory.CreateTempSubdirectory("backup-sidecar-staging-").FullName;
        try
        {
            using var staging = Staging.Create(root, Guid.NewGuid());
            var plan = new DatabaseSourcePlan(SourceKind.Postgres, "postgres-postgres.dump", "postgres", uri, "postgresql://server/postgres");
            var engine = new WatchedEngine(PostgresTools.Engine(uri, "postgres", via), killAt, () => server.KillAsync().GetAwaiter().GetResult());
            var source = new DatabaseSource(plan, engine, staging, new ArchiveSettings(), timeout: null, TimeProvider.System, NullLogger.Instance);
            try
            {
                await source.PrepareAsync(Cancellation);
                return engine.Written;
            }
            catch
            {
                Assert.Equal(["lock"], Directory.GetFiles(staging.Directory).Select(Path.GetFileName));
                throw;
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
