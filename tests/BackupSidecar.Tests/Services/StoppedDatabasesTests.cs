using BackupSidecar.Configuration;
using BackupSidecar.Planning;
using BackupSidecar.Runs.Backups;

namespace BackupSidecar.Tests.Services;

public sealed class StoppedDatabasesTests : StopWindowFixture
{
    [Theory]
    [InlineData(SourceKind.Postgres, "postgresql://u:p@store-of-tests/shop")]
    [InlineData(SourceKind.Mysql, "mysql://u:p@store-of-tests/shop")]
    [InlineData(SourceKind.Mongodb, "mongodb://u:p@store-of-tests/shop")]
    [InlineData(SourceKind.Redis, "redis://:p@store-of-tests")]
    public async Task A_database_whose_server_would_be_stopped_before_its_dump_is_found(string kind, string uri)
    {
        Daemon.Add("store-of-tests", "shop", "store-of-tests");
        Daemon.Add("app", "shop", "app");
        var source = new DatabaseSourcePlan(kind, "shop.dump", "shop", new Secret(uri), "store-of-tests");

        Assert.Contains("'store-of-tests'", await ProblemAsync(source, "app", "store-of-tests"), StringComparison.Ordinal);
        Assert.Null(await ProblemAsync(source, "app"));
        Assert.Null(await ProblemAsync(source));
    }

    private async Task<string?> ProblemAsync(DatabaseSourcePlan source, params string[] stop)
    {
        await using var window = await PrepareAsync(stop);
        return await new StoppedDatabases(Settings(stop), window, Clock).ProblemAsync(source, Cancellation);
    }
}
