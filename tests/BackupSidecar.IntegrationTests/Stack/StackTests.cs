using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Stack;

/// <summary>That the stack is what the scenarios take it for.</summary>
public sealed class StackTests(StackFixture stack) : IClassFixture<StackFixture>
{
    [Fact(Timeout = 120_000)]
    public async Task The_sidecar_reaches_what_it_backs_up_and_where_it_stores()
    {
        const string Script = """
            psql --tuples-only --no-align --command='SELECT 6 * 7' "$BACKUP_POSTGRES" &&
            exec 3<> /dev/tcp/s3/8000 && test -S /var/run/docker.sock && test -s /data/app/heartbeat && echo all
            """;

        var result = await stack.RunOnceAsync("bash", "-c", Script);

        Assert.Equal((0, "42\nall\n"), (result.ExitCode, result.Output));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_service_can_be_killed_and_started()
    {
        Assert.True(await stack.IsRunningAsync("app"));

        await stack.KillAsync("app");
        var killed = await stack.ExecAsync("app", "true");

        Assert.False(await stack.IsRunningAsync("app"));
        Assert.NotEqual(0, killed.ExitCode);

        await stack.StartAsync("app");
        var started = await stack.ExecAsync("app", "cat", "/data/heartbeat");

        Assert.Equal(0, started.ExitCode);
    }
}
