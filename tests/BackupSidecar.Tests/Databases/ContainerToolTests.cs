using BackupSidecar.Databases;
using BackupSidecar.Docker;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Databases;

/// <summary>What fails only on cue. The rest is seen in real containers.</summary>
public sealed class ContainerToolTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_tool_that_begins_and_says_nothing_is_not_let_run_without_a_way_to_end_it()
    {
        await using var daemon = new FakeDockerDaemon();
        var db = daemon.Add("db");
        using var engine = new DockerEngine(daemon.Host, new SkippingClock(TimeSpan.FromSeconds(10)));
        var place = new ContainerPlace(engine, db.Id, db.Name);

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => place.StartAsync(new Command("pg_dump") { EndsWithUs = true }, TestContext.Current.CancellationToken));

        Assert.StartsWith("pg_dump cannot be run in container db: it was started, but said nothing within 10 s", failure.Message, StringComparison.Ordinal);
    }
}
