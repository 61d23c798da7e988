using System.Diagnostics;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Tests.Notifications;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

/// <summary>Settings that change while the daemon runs: good ones take over, bad ones change nothing but are told of.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();
    private readonly FakePingServer _server = new();

    public ReloadTests()
    {
        _program.Settings["BACKUP_CONFIG_FILE"] = ConfigFile;
        _program.Settings["BACKUP_FAILURE_WEBHOOK"] = _server.Url + "/fail";
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string ConfigFile => _program.Path("backup.env");

    private List<RunReport> Runs => [.. new History(_program.Path("state")).ReadNewestFirst()];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _program.Dispose();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_changed_file_takes_over_by_itself()
    {
        Write("BACKUP_SCHEDULE=0 0 1 1 *\n");
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "0 0 1 1 * in UTC");

        Write("BACKUP_SCHEDULE=* * * * * *\n");

        await SaysAsync(daemon, "Configuration reloaded successfully");
        await SaysAsync(daemon, "Backup completed successfully");
        Assert.Empty(_server.Pings);
        await EndAsync(daemon);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_signal_reads_the_files_of_secrets_again()
    {
        Write("BACKUP_SCHEDULE=0 0 1 1 *\n");
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = null;
        _program.Settings["BACKUP_ENCRYPTION_KEY_FILE"] = _program.Path("key");
        await File.WriteAllTextAsync(_program.Path("key"), BuiltProgram.Passphrase, Cancellation);
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "next runs");

        await HangUpAsync(daemon);
        await SaysAsync(daemon, "Configuration reloaded successfully");
        File.Delete(_program.Path("key"));
        await HangUpAsync(daemon);

        await SaysAsync(daemon, "stays in force: BACKUP_ENCRYPTION_KEY_FILE");
        Assert.Contains("BACKUP_ENCRYPTION_KEY_FILE", (await _server.NextAsync()).Text, StringComparison.Ordinal);
        await EndAsync(daemon);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_broken_file_changes_nothing_and_scheduled_runs_go_on_with_what_was()
    {
        Write("BACKUP_SCHEDULE=* * * * * *\n");
        MakeRunsWait();
        using var daemon = _program.Start("run");

        // One that has read its settings: a run that is only just beginning may find the broken file, and says so itself.
        await UntilARunWaitsAsync();
        Write("BACKUP_SCHEDULE=* * * * * *\nBACKUP_STOP_WAIT=secret-nonsense\nBACKUP_SHEDULE=1\n");
        await LetRunsGoOnAsync();
        await SaysAsync(daemon, "was not reloaded, and what was in force stays in force");
        var alert = await _server.NextAsync();
        await SaysAsync(daemon, "Backup completed successfully");
        await SaysAsync(daemon, "Backup completed successfully");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "was not reloaded");
        Write("BACKUP_SCHEDULE=0 0 1 1 *\n");
        await SaysAsync(daemon, "Configuration reloaded successfully");
        await EndAsync(daemon);

        Assert.Contains("BACKUP_STOP_WAIT", alert.Text, StringComparison.Ordinal);
        Assert.Contains("Is BACKUP_SCHEDULE meant?", alert.Text, StringComparison.Ordinal);
        // A message whose answer comes too late is sent again, as the same one.
        Assert.Single(_server.Pings.Where(ping => ping.Text.Contains("BACKUP_STOP_WAIT", StringComparison.Ordinal)).Select(ping => ping.Headers["Webhook-Id"]).Distinct());
        // One may have been going on at the end.
        Assert.All(Runs, run => Assert.Contains(run.Outcome, new[] { RunOutcome.Succeeded, RunOutcome.Interrupted }));
        Assert.False(File.Exists(_program.Path("state", "settings-in-force.env")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_the_program_stands_on_cannot_be_changed_under_it()
    {
        _program.Settings["BACKUP_STATE_DIR"] = null;
        Write($"BACKUP_STATE_DIR={_program.Path("state")}\n");
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "made by hand");

        Write($"BACKUP_STATE_DIR={_program.Path("other")}\n");
        await HangUpAsync(daemon);

        await SaysAsync(daemon, "BACKUP_STATE_DIR: it, or what belongs to it, cannot be changed while the program runs");
        await EndAsync(daemon);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_holds_for_labelled_databases_and_the_time_zone_reach_their_jobs()
    {
        await using var engine = new FakeDockerDaemon();
        LabelledContainer.Add(engine, "db", "redis", "redis://db");
        _program.Settings["DOCKER_HOST"] = engine.Host.ToString();
        const string Labels = "BACKUP_LABELS=on\nBACKUP_HTTP_PORT=0\nBACKUP_LABEL_INTERVAL=1h\n";
        Write($"{Labels}BACKUP_LABEL_SCOPE=all\nTZ=UTC\n");
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "0 0 1 1 * in UTC");

        Write($"{Labels}BACKUP_LABEL_SCOPE=all\nBACKUP_LABEL_CONCURRENCY=1\nTZ=Asia/Tokyo\n");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "db is backed up: redis database to local; 0 0 1 1 * in Asia/Tokyo");

        Write($"{Labels}BACKUP_LABEL_SCOPE=project\nTZ=Asia/Tokyo\n");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "db is not backed up any more");

        Write("BACKUP_HTTP_PORT=0\n");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "BACKUP_LABELS: it, or what belongs to it, cannot be changed while the program runs");
        await EndAsync(daemon);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_settings_that_a_run_began_with_are_there_until_its_end()
    {
        var copy = _program.Path("state", "settings-in-force.env");
        Write("BACKUP_SCHEDULE=* * * * * *\n");
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "Backup completed successfully");
        Write("BACKUP_SCHEDULE=never\n");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "was not reloaded");
        MakeRunsWait();
        await UntilARunWaitsAsync();

        Write("BACKUP_SCHEDULE=0 0 1 1 *\n");
        await HangUpAsync(daemon);
        await SaysAsync(daemon, "Configuration reloaded successfully");
        Assert.Contains("* * * * * *", await File.ReadAllTextAsync(copy, Cancellation), StringComparison.Ordinal);
        await LetRunsGoOnAsync();

        await SaysAsync(daemon, "Backup completed successfully");
        await EndAsync(daemon);
        Assert.False(File.Exists(copy));
    }

    /// <summary>Each run that begins from now on, after it has read its settings.</summary>
    private void MakeRunsWait() => _program.Hook(
        "pre-backup", "10-wait", $"touch '{_program.Path("waits")}'; while [ ! -e '{_program.Path("go")}' ]; do sleep 0.05; done");

    private async Task UntilARunWaitsAsync()
    {
        while (!File.Exists(_program.Path("waits")))
            await Task.Delay(20, Cancellation);
    }

    private Task LetRunsGoOnAsync() => File.WriteAllTextAsync(_program.Path("go"), "", Cancellation);

    private void Write(string text) => File.WriteAllText(ConfigFile, text);

    private static async Task HangUpAsync(Process daemon)
    {
        using var kill = Process.Start("kill", ["-HUP", daemon.Id.ToString()]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private static async Task EndAsync(Process daemon)
    {
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    private static async Task SaysAsync(Process process, string words)
    {
        while (await process.StandardError.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains(words, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"It ended without saying '{words}'.");
    }
}
