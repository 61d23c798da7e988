using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Sources;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class DatabaseSourceTests
{
    [Fact]
    public async Task A_server_that_dies_in_the_middle_of_a_dump_fails_the_source_and_leaves_nothing_in_staging()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = new PostgresServer();
        await server.InitializeAsync();
        await server.QueryAsync("postgres", "CREATE TABLE big AS SELECT g, repeat(md5(g::text), 100) AS t FROM generate_series(1, 30000) g;");
        var root = Directory.CreateTempSubdirectory("backup-sidecar-staging-").FullName;
        using var staging = Staging.Create(root, Guid.NewGuid());
        var plan = new DatabaseSourcePlan(SourceKind.Postgres, "postgres-shop.dump", "shop", server.Uri("postgres"), "postgresql://127.0.0.1/shop");
        var engine = new KillerOnFirstWrite(new Postgres(plan.Uri, plan.DatabaseName, new PostgresClients()), server);
        var source = new DatabaseSource(plan, engine, staging, new ArchiveSettings(), TimeProvider.System, NullLogger.Instance);

        var failure = await Assert.ThrowsAsync<SourceException>(() => source.PrepareAsync(cancellation));

        Assert.Contains("pg_dump failed", failure.Message);
        Assert.Equal(["lock"], Directory.GetFiles(staging.Directory).Select(Path.GetFileName));
        staging.Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(root));
        Directory.Delete(root);
    }

    /// <summary>The real engine, whose server is killed as soon as the first bytes of its dump arrive.</summary>
    private sealed class KillerOnFirstWrite(Postgres engine, PostgresServer server) : IDatabaseEngine
    {
        public string Product => engine.Product;

        public Task CheckAsync(CancellationToken cancellation) => engine.CheckAsync(cancellation);

        public Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation) =>
            engine.DumpAsync(new Relay(destination, server), cancellation);

        public Task RestoreAsync(Stream dump, CancellationToken cancellation) => engine.RestoreAsync(dump, cancellation);
    }

    private sealed class Relay(Stream destination, PostgresServer server) : MemoryStream
    {
        private bool _isKilled;

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (!_isKilled)
                server.KillAsync().GetAwaiter().GetResult();
            _isKilled = true;
            destination.Write(buffer, offset, count);
        }
    }
}
