using BackupSidecar.Processes;
using BackupSidecar.Tests.Notifications;

namespace BackupSidecar.Tests.Commands;

/// <summary>What a run could not tell, the daemon tells.</summary>
public sealed class WebhookDeliveryTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();

    private string Outbox => _program.Path("state", "outbox");

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task News_of_a_run_that_was_killed_while_it_told_them_arrive_with_the_next_start()
    {
        await using var server = new FakePingServer(FakePingServer.Never);
        _program.Settings["BACKUP_SUCCESS_WEBHOOK"] = server.Url;
        using var backup = _program.Start("backup");
        var first = await server.NextAsync();
        backup.Kill();
        await BuiltProgram.EndOfAsync(backup);

        var second = await DeliveredByDaemonAsync(server);

        Assert.Equal(first.Headers["Webhook-Id"], second.Headers["Webhook-Id"]);
        Assert.Equal(first.Text, second.Text);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_a_receiver_did_not_take_is_brought_again_and_the_backup_is_none_the_worse()
    {
        await using var server = new FakePingServer("503 Service Unavailable");
        _program.Settings["BACKUP_SUCCESS_WEBHOOK"] = server.Url;
        _program.Settings["BACKUP_WEBHOOK_RETRIES"] = "0";

        var backup = await _program.RunAsync("backup");

        Assert.Equal(0, backup.ExitCode);
        Assert.Contains("kept and sent later", backup.Everything, StringComparison.Ordinal);
        var first = await server.NextAsync();
        Assert.Equal(first.Headers["Webhook-Id"], (await DeliveredByDaemonAsync(server)).Headers["Webhook-Id"]);
    }

    private async Task<Ping> DeliveredByDaemonAsync(FakePingServer server)
    {
        Assert.Single(Directory.GetFiles(Outbox));
        using var daemon = _program.Start("run");
        var ping = await server.NextAsync();
        while (Directory.GetFiles(Outbox).Length > 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
        return ping;
    }
}
