using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Planning;
using BackupSidecar.Sources;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class MysqlKillTests(MariaDbServer server) : IClassFixture<MariaDbServer>
{
    private static int Kills => Environment.GetEnvironmentVariable("BACKUP_TEST_LONG") == "1" ? 30 : 6;

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_of_a_dump_is_always_a_failed_source()
    {
        var database = await GoldenMysql.CreateAsync(server, rows: 150_000);
        using var whole = new CountingStream();
        await server.Engine(database).DumpAsync(whole, TestContext.Current.CancellationToken);
        var random = new Random(4711);

        for (var i = 0; i < Kills; i++)
        {
            // Some pieces are under way when the server dies, so that the last ones would come too late.
            var at = (long)(random.NextDouble() * 0.8 * whole.Length);
            await KillAtAsync(database, at, i % 2 == 0 ? DumpVia.Exec : DumpVia.Client);
            await server.RestartAsync();
        }
    }

    private async Task KillAtAsync(string database, long position, DumpVia via)
    {
        var root = Directory.CreateTempSubdirectory("backup-sidecar-staging-").FullName;
        using var staging = Staging.Create(root, Guid.NewGuid());
        var plan = new DatabaseSourcePlan(SourceKind.Mysql, "mysql-shop.sql", database, server.Uri(database), "mysql://shop");
        var engine = new KilledWhileDumping(server.Engine(database, via), server, position);
        var source = new DatabaseSource(plan, engine, staging, new ArchiveSettings(), timeout: null, TimeProvider.System, NullLogger.Instance);

        var failure = await Record.ExceptionAsync(() => source.PrepareAsync(TestContext.Current.CancellationToken));

        Assert.True(failure is SourceException, $"killed at {position} of {via}: {failure}");
        Assert.Equal(["lock"], Directory.GetFiles(staging.Directory).Select(Path.GetFileName));
        staging.Dispose();
        Directory.Delete(root, recursive: true);
    }

    private sealed class KilledWhileDumping(IDatabaseEngine engine, MariaDbServer server, long position) : IDatabaseEngine
    {
        public string Product => engine.Product;

        public Task<ServerFacts> CheckAsync(CancellationToken cancellation) => engine.CheckAsync(cancellation);

        public Task<DumpFacts> DumpAsync(Stream destination, CancellationToken cancellation) =>
            engine.DumpAsync(new CountingStream(destination, position, server), cancellation);

        public Task CheckRestoreAsync(DumpRestore wanted, CancellationToken cancellation) => engine.CheckRestoreAsync(wanted, cancellation);

        public Task RestoreAsync(Stream dump, DumpRestore wanted, CancellationToken cancellation) => engine.RestoreAsync(dump, wanted, cancellation);
    }

    private sealed class CountingStream(Stream? destination = null, long position = long.MaxValue, MariaDbServer? server = null) : MemoryStream
    {
        private bool _isKilled;
        private long _length;

        public override long Length => _length;

        public override void Write(byte[] buffer, int offset, int count)
        {
            _length += count;
            if (_length >= position && !_isKilled)
            {
                _isKilled = true;
                server?.KillAsync().GetAwaiter().GetResult();
            }
            destination?.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);
    }
}
