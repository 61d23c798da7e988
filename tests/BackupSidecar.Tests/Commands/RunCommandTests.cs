using System.Diagnostics;
using System.Globalization;
using BackupSidecar.Processes;
using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Scheduling;
using BackupSidecar.Services;
using BackupSidecar.Tests.Notifications;
using BackupSidecar.Tests.Reports;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Commands;

/// <summary>The daemon, its runs and the signals that they get. A named pipe tells the test which process has come to its hook.</summary>
public sealed class RunCommandTests : IDisposable
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();
    private int _run;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _program.Dispose();

    [Fact(Timeout = TimeLimit)]
    public async Task An_idle_daemon_ends_with_0_when_it_is_asked_to()
    {
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "backups are made by hand");

        ForegroundProcess.Terminate(daemon.Id);

        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    /// <summary>It runs for months beside others. Each of these would stay in its memory for good.</summary>
    [Fact(Timeout = TimeLimit)]
    public async Task An_idle_daemon_does_without_what_only_runs_and_commands_need()
    {
        new History(_program.Path("state")).Append(Sample.Succeeded);
        _program.Settings["BACKUP_SCHEDULE"] = "0 3 1 1 *";
        foreach (var (setting, value) in new[] { ("BUCKET", "backups"), ("ENDPOINT", "http://127.0.0.1:1"), ("ACCESS_KEY", "id"), ("SECRET_KEY", "not-the-secret-key") })
            _program.Settings["BACKUP_S3_" + setting] = value;
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, " 03:00:00 +00:00");
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);

        var loaded = await File.ReadAllTextAsync($"/proc/{daemon.Id}/maps", Cancellation);

        ForegroundProcess.Terminate(daemon.Id);
        Assert.Contains("/backup-sidecar.dll", loaded, StringComparison.Ordinal);
        Assert.All(
            (string[])["AWSSDK.Core", "AWSSDK.S3", "System.CommandLine", "System.Text.Json", "System.Net.Http"],
            name => Assert.DoesNotContain($"/{name}.dll", loaded, StringComparison.Ordinal));
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_second_daemon_beside_the_first_is_refused_with_4()
    {
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "backups are made by hand");

        var second = await _program.RunAsync();

        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal((int)RunOutcome.Locked, second.ExitCode);
        Assert.Contains($"the schedule, followed by process {daemon.Id}", second.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_check_and_the_start_show_the_times_that_the_spread_gives()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "0 2 * * *";
        _program.Settings["BACKUP_SCHEDULE_SPREAD"] = "30m";
        var at = new DateTime() + TimeSpan.FromHours(2) + ScheduleSpread.Of("stack", TimeSpan.FromMinutes(30));

        var check = await _program.RunAsync("check");
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, $"{at:HH:mm:ss} +00:00");

        Assert.NotEqual(2 * 3600, at.TimeOfDay.TotalSeconds);
        Assert.Contains($" {at:HH:mm:ss} +00:00", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("02:00:00 +00:00", check.Output, StringComparison.Ordinal);
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_scheduled_run_is_interrupted_with_the_daemon_and_says_so()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "* * * * * *";
        using var daemon = await StartAndReachHookAsync("run");

        ForegroundProcess.Terminate(daemon.Id);
        var ended = await BuiltProgram.EndOfAsync(daemon);

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(RunOutcome.Interrupted, Newest.Outcome);
        Assert.Empty(_program.Stored);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_run_that_was_killed_is_told_of_at_once_and_the_schedule_goes_on()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "* * * * * *";
        using var daemon = await StartAndReachHookAsync("run");

        KillRun();
        await SaysAsync(daemon, "was killed by signal 9");
        await SaysAsync(daemon, "was killed before it ended");
        await ReachHookAsync();

        Assert.Equal(RunOutcome.Interrupted, Newest.Outcome);
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_daemon_that_ends_asks_a_backup_beside_it_to_end_and_waits_for_it()
    {
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "backups are made by hand");
        using var backup = await StartAndReachHookAsync("backup");

        ForegroundProcess.Terminate(daemon.Id);

        Assert.Equal(143, (await BuiltProgram.EndOfAsync(backup)).ExitCode);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
        Assert.Equal(RunOutcome.Interrupted, Newest.Outcome);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_beside_the_daemon_that_is_killed_is_put_right_by_it()
    {
        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "backups are made by hand");
        using var backup = await StartAndReachHookAsync("backup");

        KillRun();
        await backup.WaitForExitAsync(Cancellation);

        await SaysAsync(daemon, "was killed before it ended");
        while (_program.History.Length == 0)
            await Task.Delay(20, Cancellation);
        Assert.Equal(RunOutcome.Interrupted, Newest.Outcome);
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Stored_backups_are_verified_on_their_own_schedule()
    {
        _program.Settings["BACKUP_VERIFY_SCHEDULE"] = "* * * * * *";
        _program.Settings["BACKUP_VERIFY_LEVEL"] = "content";
        await _program.RunAsync("backup");
        using var daemon = _program.Start("run");

        await SaysAsync(daemon, "in local, content: good");

        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_another_schedule_would_have_begun_was_not_missed()
    {
        _program.Settings["BACKUP_SCHEDULE"] = "0 0 1 1 *";
        new History(_program.Path("state")).Append(Sample.Succeeded with { StartedAt = TimeProvider.System.GetUtcNow().AddDays(-3) });
        using (var before = _program.Start("run"))
        {
            await SaysAsync(before, "next runs");
            ForegroundProcess.Terminate(before.Id);
            await BuiltProgram.EndOfAsync(before);
        }
        var hours = TimeProvider.System.GetUtcNow().AddHours(-2).Hour;
        _program.Settings["BACKUP_SCHEDULE"] = $"0 {hours} * * *";

        using var daemon = _program.Start("run");
        await SaysAsync(daemon, "next runs");
        ForegroundProcess.Terminate(daemon.Id);
        var ended = await BuiltProgram.EndOfAsync(daemon);

        Assert.DoesNotContain("was missed", ended.Everything, StringComparison.Ordinal);
        Assert.Empty(_program.Stored);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_killed_run_is_reported_as_failed_under_its_own_id_at_the_next_start()
    {
        await using var server = new FakePingServer();
        _program.Settings["BACKUP_HEALTHCHECKS_URL"] = $"{server.Url}/check";
        using var backup = await StartAndReachHookAsync("backup");
        var start = await server.NextAsync();
        KillRun();
        await backup.WaitForExitAsync(Cancellation);

        using var daemon = _program.Start("run");
        var fail = await server.NextAsync();

        Assert.StartsWith("/check/start?rid=", start.Target, StringComparison.Ordinal);
        Assert.Equal(start.Target.Replace("/start", "/fail", StringComparison.Ordinal), fail.Target);
        ForegroundProcess.Terminate(daemon.Id);
        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData(RunKind.Backup, "start shop-app-1")]
    [InlineData(RunKind.Restore)]
    public async Task Services_that_a_killed_backup_had_stopped_are_started_whatever_is_wrong_with_the_settings_by_now(string killed, params string[] changes)
    {
        await using var docker = new FakeDockerDaemon();
        var container = docker.Add("shop-app-1", "shop", "app");
        container.Status = "exited";
        _program.Settings["DOCKER_HOST"] = docker.Host.ToString();
        _program.Settings["BACKUP_ENCRYPTION_KEY"] = null;
        _program.Settings["BACKUP_ENCRYPTION_KEY_FILE"] = "/no/such/key";
        Directory.CreateDirectory(_program.Path("state"));
        await File.WriteAllTextAsync(_program.Path("state", RunLock.OfRuns), RunPurpose.Of(killed, Guid.NewGuid()) + "\n", Cancellation);
        new StopJournal(_program.Path("state"), TimeProvider.System, NullLogger.Instance).Add(
            [new StoppedService { Name = "app", ContainerId = container.Id, ContainerName = container.Name, StoppedAt = DateTimeOffset.UnixEpoch }]);

        var ended = await _program.RunAsync("run");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("BACKUP_ENCRYPTION_KEY_FILE: the file '/no/such/key' does not exist", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(changes.Length > 0 ? "Starting services: app" : "Services stay stopped that a restore had stopped", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(changes, docker.Changes);
        Assert.True(RunLock.IsLeftBehind(_program.Path("state")));
    }

    private RunReport Newest => new History(_program.Path("state")).ReadNewestFirst().First();

    private void KillRun()
    {
        using var process = Process.GetProcessById(_run);
        process.Kill();
    }

    private async Task<Process> StartAndReachHookAsync(string command)
    {
        var pipe = _program.Path("pipe");
        using (var make = Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync(Cancellation);
        _program.Hook("pre-backup", "wait", $"echo $PPID > {pipe}; exec sleep 50");
        var process = _program.Start(command);
        await ReachHookAsync();
        return process;
    }

    private async Task ReachHookAsync() =>
        _run = int.Parse(await File.ReadAllTextAsync(_program.Path("pipe"), Cancellation), CultureInfo.InvariantCulture);

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
