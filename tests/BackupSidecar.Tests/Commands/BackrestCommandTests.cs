using System.Text.Json;
using System.Text.Json.Nodes;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Backrest;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

/// <summary>The verbs of <c>backrest</c> as processes: exit codes, flags, the link, and the log.</summary>
public sealed class BackrestCommandTests : IAsyncLifetime
{
    private const int TimeLimit = 60_000;

    private readonly BuiltProgram _program = new();
    private readonly FakeDockerDaemon _docker = new();

    public BackrestCommandTests()
    {
        foreach (var name in _program.Settings.Keys.Where(name => name != "BACKUP_STATE_DIR").ToList())
            _program.Settings.Remove(name);
        _program.Settings["DOCKER_HOST"] = _docker.Host.AbsoluteUri;
        _program.Settings["BACKREST_CONFIG"] = Config;
        File.WriteAllText(Config, HandMade.Config);
    }

    private string Config => _program.Path("config.json");

    private string Pending => _program.Path(".config.json.backup-sidecar-pending");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _docker.DisposeAsync();
        _program.Dispose();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_change_ends_with_0_and_nothing_to_change_with_2()
    {
        Label("app");

        var first = await EndsAsync(0, "backrest", "reconcile");
        await EndsAsync(2, "backrest", "reconcile");

        var events = first.Errors.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains(events, told => told.GetProperty("msg").GetString() == "plan.rendered" && told.GetProperty("plan_id").GetString() == "backrest_sidecar_app");
        Assert.Contains(events, told => told.GetProperty("msg").GetString() == "config.write" && told.GetProperty("plans_changed").GetInt32() == 1);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_dry_run_ends_with_2_and_no_verb_means_reconcile_with_its_flags()
    {
        Label("app");

        await EndsAsync(2, "backrest", "reconcile", "--dry-run");
        // As the real one would: there is nobody to restart.
        await EndsAsync(3, "backrest", "reconcile", "--dry-run", "--apply");
        Assert.Equal(HandMade.Config, File.ReadAllText(Config));
        await EndsAsync(0, "backrest", "--include-project-name=true");

        Assert.Contains("backrest_sidecar_shop_app", File.ReadAllText(Config), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_stands_before_the_verb_counts_too()
    {
        Label("app");

        var ended = await EndsAsync(2, "backrest", "--dry-run", "--log-format", "text", "reconcile");

        Assert.Contains("msg=dry-run.complete", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(HandMade.Config, File.ReadAllText(Config));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("reconcile", "--plan-id-prefix=", "--dry-run")]
    [InlineData("reconcile", "--dry-run", "--plan-id-prefix=")]
    [InlineData("reconcile", "--default-repo=", "--dry-run")]
    [InlineData("--default-retention=", "--dry-run")]
    public async Task An_empty_value_takes_nothing_from_the_flag_behind_it(params string[] arguments)
    {
        Label("app");

        await EndsAsync(2, ["backrest", .. arguments]);

        Assert.Equal(HandMade.Config, File.ReadAllText(Config));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task What_was_written_without_being_applied_is_applied_by_a_later_run()
    {
        Label("app");
        _docker.Add("backrest");

        await EndsAsync(0, "backrest", "reconcile");
        await EndsAsync(0, "backrest", "reconcile", "--apply");
        await EndsAsync(2, "backrest", "reconcile", "--apply");

        Assert.Single(_docker.Recorded("restart "));
        Assert.False(File.Exists(Pending));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("--prune", "backup-once")]
    [InlineData("reconcile", "--no-such-flag")]
    [InlineData("reconcile", "--interval", "5s")]
    [InlineData("reconcile", "--default-retention", "within=3d")]
    [InlineData("reconcile", "--default-schedule", "@daily")]
    [InlineData("reconcile", "--log-level", "loud")]
    [InlineData("reconcile", "--plan-id-prefix", "", "--prune")]
    [InlineData("reconcile", "--plan-id-prefix=", "--prune")]
    [InlineData("reconcile", "--plan-id-prefix", "--dry-run")]
    [InlineData("reconcile", "--plan-id-prefix", "aa_", "--plan-id-prefix")]
    [InlineData("reconcile", "--default-repo", "--dry-run")]
    [InlineData("--default-retention", "--dry-run", "reconcile")]
    [InlineData("reconcile", "--config=")]
    [InlineData("daemon", "--interval", "0s")]
    [InlineData("backup-once", "--docker-sock", "tcp://proxy:2375")]
    [InlineData("backup-once", "--rcb-env-file", "/there/is/no/such/file")]
    public async Task Bad_flags_end_with_1_and_touch_nothing(params string[] arguments)
    {
        Label("app");

        var ended = await EndsAsync(1, ["backrest", .. arguments]);

        Assert.NotEqual("", ended.Errors);
        Assert.DoesNotContain("   at ", ended.Everything, StringComparison.Ordinal);
        Assert.Equal(HandMade.Config, File.ReadAllText(Config));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_configuration_or_an_engine_that_cannot_be_read_ends_with_3()
    {
        File.WriteAllText(Config, "{");
        var broken = await EndsAsync(3, "backrest", "reconcile");
        await _docker.GoDownAsync();
        var away = await EndsAsync(3, "backrest", "reconcile", "--log-format", "text");

        Assert.Contains("\"msg\":\"reconcile.failed\"", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("msg=reconcile.failed", away.Errors, StringComparison.Ordinal);
        Assert.Equal("{", File.ReadAllText(Config));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Applying_restarts_Backrest_and_a_restart_that_failed_is_made_by_the_next_run()
    {
        Label("app");
        var backrest = _docker.Add("backrest");
        backrest.FailingRestarts = 1;

        await EndsAsync(3, "backrest", "reconcile", "--apply");
        Assert.True(File.Exists(Pending));
        await EndsAsync(0, "backrest", "reconcile", "--apply");
        await EndsAsync(2, "backrest", "reconcile", "--apply");

        Assert.Equal(2, _docker.Recorded("restart ").Count);
        Assert.False(File.Exists(Pending));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_api_is_asked_instead_of_the_file()
    {
        Label("app");
        await using var backrest = new FakeBackrest { Config = JsonNode.Parse(HandMade.Config)!.AsObject(), Password = "s3cret!" };
        _program.Settings["BACKREST_PASSWORD"] = "s3cret!";

        var ended = await EndsAsync(0, "backrest", "reconcile", "--apply=api", "--backrest-url", backrest.Url.AbsoluteUri);

        Assert.Equal(18, (int)backrest.Config["modno"]!);
        Assert.Equal(HandMade.Config, File.ReadAllText(Config));
        Assert.DoesNotContain("s3cret!", ended.Everything, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task By_its_other_name_the_program_knows_the_verbs_of_the_original()
    {
        Label("app");
        File.CreateSymbolicLink(_program.Path("backrest-sidecar"), Path.Combine(AppContext.BaseDirectory, "backup-sidecar"));

        var version = await RunLinkAsync("version");
        var reconciled = await RunLinkAsync("reconcile", "--dry-run");
        var wrong = await RunLinkAsync("reconcile", "--nonsense");

        Assert.Matches(@"^backrest-sidecar \d+\.\d+\.\d+\n$", version.Output);
        Assert.Equal((0, 2, 1), (version.ExitCode, reconciled.ExitCode, wrong.ExitCode));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_daemon_ends_with_0_when_it_is_asked_to()
    {
        Label("app");
        using var daemon = _program.Start("backrest", "daemon", "--with-events", "--config", Config);
        await _docker.Saw("listening");
        while (!File.ReadAllText(Config).Contains("backrest_sidecar_app", StringComparison.Ordinal))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        ForegroundProcess.Terminate(daemon.Id);

        Assert.Equal(0, (await BuiltProgram.EndOfAsync(daemon)).ExitCode);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_stops_what_asks_for_it_runs_the_image_forgets_and_starts_again()
    {
        Label("app").Labels["backrest.keep"] = "daily=7,within-w=2m";
        _docker.Add("db").Labels["backrest.quiesce"] = "true";
        _docker.Add("idle").Labels["backrest.quiesce"] = "true";
        _docker.Add("resting").Labels["backrest.quiesce"] = "false";
        File.WriteAllText(_program.Path("env"), "RESTIC_PASSWORD=s3cret!\nRESTIC_REPOSITORY=s3:repo\n");
        IReadOnlyList<string>? standing = null;
        JsonNode? made = null;
        _docker.Program = container =>
        {
            standing ??= [.. _docker.Standing.Where(name => !name.StartsWith("made", StringComparison.Ordinal))];
            made ??= container.MadeWith;
            return ("saved, s3cret!\n", 0);
        };

        var ended = await EndsAsync(0, "backrest", "backup-once", "--rcb-env-file", _program.Path("env"), "--rcb-arg", "--verbose", "--include-project-name", "--docker-root", "/mnt/docker");

        Assert.Equal(["db", "idle"], standing);
        Assert.Empty(_docker.Standing);
        Assert.Equal(
            ["create rcb backup --verbose", "create restic forget --group-by paths --path /volumes/shop/app --keep-daily 7 --keep-within-weekly 2m --prune"],
            _docker.Recorded("create "));
        Assert.Equal("zettaio/restic-compose-backup:0.7.1", (string?)made!["Image"]);
        Assert.Equal([$"{_docker.SocketPath}:/tmp/docker.sock:ro", "/mnt/docker:/var/lib/docker:ro"], made["HostConfig"]!["Binds"]!.AsArray().Select(bind => (string)bind!));
        Assert.Equal(["RESTIC_PASSWORD=s3cret!", "RESTIC_REPOSITORY=s3:repo", "EXCLUDE_BIND_MOUNTS=0", "INCLUDE_PROJECT_NAME=1"], made["Env"]!.AsArray().Select(variable => (string)variable!));
        Assert.DoesNotContain("s3cret!", ended.Everything, StringComparison.Ordinal);
        Assert.Equal(2, _docker.Recorded("remove ").Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_fails_ends_with_3_forgets_nothing_and_starts_everything()
    {
        Label("app").Labels["backrest.keep"] = "daily=7";
        _docker.Add("db").Labels["backrest.quiesce"] = "true";
        _docker.Program = _ => ("Fatal: unable to open config file\n", 10);

        var ended = await EndsAsync(3, "backrest", "backup-once");

        Assert.Empty(_docker.Standing);
        Assert.Single(_docker.Recorded("create "));
        Assert.Contains("ended with exit code 10. Nothing was forgotten.", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_service_that_had_to_be_killed_is_told_with_the_option_that_gives_it_longer()
    {
        var slow = _docker.Add("db");
        slow.Labels["backrest.quiesce"] = "true";
        slow.ExitCode = 137;

        var ended = await EndsAsync(0, "backrest", "backup-once", "--quiesce-timeout", "1s");

        Assert.Contains("--quiesce-timeout gives it longer", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("BACKUP_STOP_TIMEOUT", ended.Errors, StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_repository_in_a_folder_needs_that_folder_in_the_container()
    {
        File.WriteAllText(_program.Path("env"), "RESTIC_REPOSITORY=/repo/nas\n");
        JsonNode? made = null;
        _docker.Program = container =>
        {
            made = container.MadeWith;
            return ("", 0);
        };

        var refused = await EndsAsync(1, "backrest", "backup-once", "--rcb-env-file", _program.Path("env"));
        await EndsAsync(0, "backrest", "backup-once", "--rcb-env-file", _program.Path("env"), "--rcb-volume", "/srv/restic:/repo", "--rcb-volume", "cache:/root/.cache:rw");

        Assert.Contains("--rcb-volume", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("/repo/nas", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(["/srv/restic:/repo", "cache:/root/.cache:rw"], made!["HostConfig"]!["Binds"]!.AsArray().Select(bind => (string)bind!).Skip(2));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_line_of_the_variables_that_names_nothing_is_told_by_its_number()
    {
        File.WriteAllText(_program.Path("env"), "RESTIC_REPOSITORY=s3:x\nUNKNOWN_S3CRET\nRESTIC_PASSWORD='s3cret'\n");

        var ended = await EndsAsync(0, "backrest", "backup-once", "--rcb-env-file", _program.Path("env"));

        Assert.Contains("line 2", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("line 3", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", ended.Everything, StringComparison.OrdinalIgnoreCase);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("\"id\": \"keep-last\"", 2)]
    [InlineData("\"id\": \"backrest_sidecar_keep-last\"", 3)]
    public async Task A_fault_that_keeps_Backrest_from_starting_is_told_though_nothing_is_to_change(string id, int code)
    {
        File.WriteAllText(Config, HandMade.Config.Replace("\"policyKeepLastN\": 30", "", StringComparison.Ordinal).Replace("\"id\": \"keep-last\"", id, StringComparison.Ordinal));
        var before = File.ReadAllText(Config);

        var ended = await EndsAsync(code, "backrest", "reconcile");

        Assert.Contains("it is there without a policy", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(code == 2 ? "\"msg\":\"config.faulty\"" : "\"msg\":\"reconcile.failed\"", ended.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Config));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Backrest_is_not_restarted_into_a_configuration_that_it_would_not_start_with()
    {
        Label("app");
        _docker.Add("backrest");
        await EndsAsync(0, "backrest", "reconcile");
        var written = File.ReadAllText(Config);
        File.WriteAllText(Config, written.Replace("\"policyKeepLastN\": 30", "", StringComparison.Ordinal));

        var withheld = await EndsAsync(3, "backrest", "reconcile", "--apply");
        using var daemon = _program.Start("backrest", "daemon", "--apply", "--interval", "1s");
        await LooksAsync(3);
        Assert.Empty(_docker.Recorded("restart "));
        ReplaceConfig(written);
        while (_docker.Recorded("restart ").Count == 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        ForegroundProcess.Terminate(daemon.Id);
        var followed = await BuiltProgram.EndOfAsync(daemon);

        Assert.Contains("\"msg\":\"backrest.restart.withheld\"", withheld.Errors, StringComparison.Ordinal);
        Assert.Single(followed.Errors.Split('\n'), line => line.Contains("\"msg\":\"backrest.restart.withheld\"", StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_daemon_tells_a_failure_once_and_that_it_is_over()
    {
        Label("app");
        File.WriteAllText(Config, "{");
        using var daemon = _program.Start("backrest", "daemon", "--interval", "1s");
        await LooksAsync(3);

        ReplaceConfig(HandMade.Config);
        while (!File.ReadAllText(Config).Contains("backrest_sidecar_app", StringComparison.Ordinal))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        ForegroundProcess.Terminate(daemon.Id);
        var ended = await BuiltProgram.EndOfAsync(daemon);

        Assert.Single(ended.Errors.Split('\n'), line => line.Contains("\"msg\":\"reconcile.failed\"", StringComparison.Ordinal));
        Assert.Single(ended.Errors.Split('\n'), line => line.Contains("\"msg\":\"reconcile.recovered\"", StringComparison.Ordinal));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("registry.example/restic:1", 0)]
    [InlineData("nowhere/restic:1", 3)]
    public async Task The_image_is_there_before_anything_is_stopped(string image, int code)
    {
        _docker.Add("db").Labels["backrest.quiesce"] = "true";
        _docker.MissingImages.Add(image);
        IReadOnlyList<string>? stopped = null;
        _docker.Pulling = () => stopped = _docker.Recorded("stop ");
        _docker.Program = _ => ("", 0);

        await EndsAsync(code, "backrest", "backup-once", "--rcb-image", image);

        Assert.Empty(stopped!);
        Assert.Equal(code == 0 ? 1 : 0, _docker.Recorded("stop ").Count);
        Assert.Equal(_docker.Recorded("create ").Count, _docker.Recorded("remove ").Count);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Services_that_a_killed_backup_left_standing_are_started_by_whoever_comes_next()
    {
        _docker.Add("db").Labels["backrest.quiesce"] = "true";
        using var reached = new SemaphoreSlim(0);
        using var held = new ManualResetEventSlim();
        _docker.Program = _ =>
        {
            reached.Release();
            held.Wait(TestContext.Current.CancellationToken);
            return ("", 0);
        };
        using var killed = _program.Start("backrest", "backup-once");
        await reached.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("db", _docker.Standing);

        killed.Kill();
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        held.Set();
        using var daemon = _program.Start("backrest", "daemon");
        await _docker.Saw("start db");
        ForegroundProcess.Terminate(daemon.Id);
        await BuiltProgram.EndOfAsync(daemon);
        await EndsAsync(0, "backrest", "backup-once");

        Assert.DoesNotContain("db", _docker.Standing);
        Assert.Contains("remove made-2", _docker.Recorded("remove "));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_is_asked_to_end_starts_everything_and_says_by_its_code_that_it_was_interrupted()
    {
        _docker.Add("db").Labels["backrest.quiesce"] = "true";
        using var reached = new SemaphoreSlim(0);
        using var held = new ManualResetEventSlim();
        _docker.Program = _ =>
        {
            reached.Release();
            held.Wait(TestContext.Current.CancellationToken);
            return ("", 0);
        };
        using var backup = _program.Start("backrest", "backup-once");
        await reached.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("db", _docker.Standing);

        ForegroundProcess.Terminate(backup.Id);
        await _docker.Saw("start db");
        held.Set();

        Assert.Equal(143, (await BuiltProgram.EndOfAsync(backup)).ExitCode);
        Assert.Empty(_docker.Standing);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Backups_of_two_state_folders_leave_each_other_alone_but_never_share_a_repository()
    {
        using var reached = new SemaphoreSlim(0);
        using var held = new ManualResetEventSlim();
        _docker.Program = container =>
        {
            if ((string)container.MadeWith!["Cmd"]![0]! == "first")
            {
                reached.Release();
                held.Wait(TestContext.Current.CancellationToken);
            }
            return ("", 0);
        };
        File.WriteAllText(_program.Path("env"), "RESTIC_REPOSITORY=s3:repo\n");
        File.WriteAllText(_program.Path("other"), "RESTIC_REPOSITORY=s3:elsewhere\n");
        using var first = _program.Start("backrest", "backup-once", "--rcb-command", "first", "--rcb-env-file", _program.Path("env"));
        await reached.WaitAsync(TestContext.Current.CancellationToken);
        _program.Settings["BACKUP_STATE_DIR"] = _program.Path("second-state");

        await EndsAsync(0, "backrest", "backup-once", "--rcb-command", "second", "--rcb-env-file", _program.Path("other"));
        var refused = await EndsAsync(3, "backrest", "backup-once", "--rcb-command", "third", "--rcb-env-file", _program.Path("env"));
        Assert.Equal(["create first", "create second"], _docker.Recorded("create "));
        Assert.Equal(["remove made-2"], _docker.Recorded("remove "));
        Assert.Contains("made-1", refused.Errors, StringComparison.Ordinal);
        held.Set();

        Assert.Equal(0, (await BuiltProgram.EndOfAsync(first)).ExitCode);
        await EndsAsync(0, "backrest", "backup-once", "--rcb-command", "third", "--rcb-env-file", _program.Path("env"));
    }

    /// <summary>So many further looks have been made; each lists containers twice.</summary>
    private async Task LooksAsync(int count)
    {
        var before = Looks();
        while (Looks() < before + (2 * count))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        int Looks() => _docker.Recorded("/").Count(call => call.EndsWith("/containers/json", StringComparison.Ordinal));
    }

    /// <summary>In one step: a daemon that looks never sees half of it.</summary>
    private void ReplaceConfig(string content)
    {
        File.WriteAllText(Config + ".new", content);
        File.Move(Config + ".new", Config, overwrite: true);
    }

    private FakeContainer Label(string service)
    {
        var container = _docker.Add($"shop-{service}-1", "shop", service);
        container.Labels["backrest.enable"] = "true";
        container.Mounts.Add(new JsonObject { ["Type"] = "volume", ["Name"] = service, ["Source"] = $"/var/lib/docker/volumes/{service}/_data", ["Destination"] = "/data" });
        return container;
    }

    private async Task<Ended> EndsAsync(int code, params string[] command)
    {
        var ended = await _program.RunAsync(command);
        Assert.True(ended.ExitCode == code, $"exit code {ended.ExitCode} instead of {code}:\n{ended.Everything}");
        return ended;
    }

    private async Task<Ended> RunLinkAsync(params string[] arguments)
    {
        using var process = _program.StartAs(_program.Path("backrest-sidecar"), arguments);
        return await BuiltProgram.EndOfAsync(process);
    }
}
