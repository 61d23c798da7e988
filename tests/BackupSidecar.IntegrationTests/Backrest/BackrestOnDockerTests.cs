using System.Text.Json.Nodes;
using BackupSidecar.IntegrationTests.Services;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.IntegrationTests.Backrest;

/// <summary>Labels of real containers, on a real engine, to plans that a real restic carries out.</summary>
public sealed class BackrestOnDockerTests : IAsyncLifetime
{
    private const int TimeLimit = 240_000;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "backup-sidecar");
    private static readonly string[] Sleep = ["bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"];

    private readonly StackOfSleepers _stack = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Config => _folder["config.json"];

    private string Repository => _folder["repository"];

    public ValueTask InitializeAsync()
    {
        _folder.Write("config.json", $$"""
            { "modno": 1, "version": 4, "instance": "test", "repos": [ { "id": "disk", "uri": "{{Repository}}", "guid": "00" } ],
              "plans": [ { "id": "by-hand", "repo": "disk", "paths": ["/etc"], "retention": { "policyKeepLastN": 3 } } ] }
            """);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        foreach (var volume in new[] { "data", "deep" })
            await RunningProcess.RunAsync(new Command("docker", "volume", "rm", "--force", $"{_stack.Project}-{volume}"), CancellationToken.None);
        _folder.Dispose();
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_plan_from_labels_is_carried_out_by_restic_and_comes_back_equal()
    {
        await LabelAsync("app");

        Assert.Equal(0, (await BackrestAsync("reconcile")).ExitCode);

        var plan = Plan("app");
        var paths = Texts(plan["paths"]!);
        var (conf, data, deep) = (_folder["conf"], $"/var/lib/docker/volumes/{_stack.Project}-data/_data", $"/var/lib/docker/volumes/{_stack.Project}-deep/_data");
        Assert.Equal([conf, data, deep], paths);
        await ResticAsync(["init"]);
        foreach (var time in (string[])["2026-01-01 10:00:00", "2026-01-02 10:00:00", "2026-01-03 10:00:00", "2026-01-04 10:00:00", "2026-01-04 11:00:00"])
            await ResticAsync(["backup", "--time", time, "--tag", $"plan:{plan["id"]}", .. paths, .. Texts(plan["excludes"]!).SelectMany(exclude => new[] { "--exclude", exclude })]);
        await ResticAsync(["forget", "--tag", $"plan:{plan["id"]}", .. Retention(plan), "--prune"]);
        Assert.Equal(
            ["2026-01-02T10", "2026-01-03T10", "2026-01-04T10", "2026-01-04T11"],
            JsonNode.Parse(await ResticAsync(["snapshots", "--json"]))!.AsArray().Select(snapshot => ((string)snapshot!["time"]!)[..13]));
        await ResticAsync(["check", "--read-data"]);
        await ResticAsync(["restore", "latest", "--target", _folder["restored"]]);

        foreach (var path in paths)
            _folder.Shell($"diff -r --exclude=cache '{path}' 'restored{path}'");
        Assert.Equal("deep\n", _folder.Shell($"cat 'restored{deep}/b' && ! ls 'restored{data}/cache' 2>/dev/null"));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task The_daemon_sees_containers_come_and_go_and_tells_Backrest()
    {
        var backrest = await _stack.UpAsync("backrest");
        var before = await StackOfSleepers.StartedAtAsync(backrest);
        await using var daemon = RunningProcess.Start(Backrest("daemon", "--with-events", "--interval", "1h", "--apply", "--prune", "--backrest-container", backrest, "--restart-timeout", "2s"));
        daemon.StandardInput.Close();

        var app = await LabelAsync("app");
        await UntilAsync(() => Task.FromResult(Has("app")));
        await UntilAsync(async () => await StackOfSleepers.StartedAtAsync(backrest) is var now && now != before);
        await DockerCli.RunAsync("rm", "--force", app);
        await UntilAsync(() => Task.FromResult(!Has("app")));

        Assert.Contains("by-hand", await File.ReadAllTextAsync(Config, Cancellation), StringComparison.Ordinal);
        await UntilAsync(() => Task.FromResult(!File.Exists(_folder[".config.json.backup-sidecar-pending"])));
        Assert.True(await StackOfSleepers.IsRunningAsync(backrest));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_stops_what_asks_for_it_and_restic_gives_it_back_equal()
    {
        var image = $"{_stack.Project}-restic";
        await BuildResticAsync(image);
        var app = await _stack.MakeAsync(["run", "--detach", "--label", $"backrest.quiesce={_stack.Project}", "--volume", $"{_stack.Project}-data:/data"], "app", Writing);
        var other = await _stack.UpAsync("other");
        var (started, otherStarted) = (await StackOfSleepers.StartedAtAsync(app), await StackOfSleepers.StartedAtAsync(other));
        try
        {
            var ended = await BackrestAsync(
                "backup-once", "--rcb-image", image, "--rcb-command", $"sh,/rcb.sh,{_stack.Project}-data", "--quiesce-label", $"backrest.quiesce={_stack.Project}", "--quiesce-timeout", "5s");

            Assert.True(ended.ExitCode == 0, ended.LastWords);
            Assert.True(await StackOfSleepers.IsRunningAsync(app));
            Assert.NotEqual(started, await StackOfSleepers.StartedAtAsync(app));
            Assert.Equal(otherStarted, await StackOfSleepers.StartedAtAsync(other));
            Unpack();
            await ResticAsync(["restore", "latest", "--target", _folder["restored"]]);
            _folder.Shell($"diff -r /var/lib/docker/volumes/{_stack.Project}-data/_data restored/var/lib/docker/volumes/{_stack.Project}-data/_data");
            Assert.Equal("one\n", _folder.Shell($"cat restored/var/lib/docker/volumes/{_stack.Project}-data/_data/a"));
        }
        finally
        {
            await RunningProcess.RunAsync(new Command("docker", "rmi", "--force", image), CancellationToken.None);
        }
    }

    [Fact(Timeout = TimeLimit)]
    public async Task A_backup_that_is_killed_leaves_nothing_standing_after_the_next()
    {
        var app = await _stack.MakeAsync(["run", "--detach", "--label", $"backrest.quiesce={_stack.Project}"], "app", Sleep);
        string[] hanging = ["backup-once", "--rcb-image", "debian:bookworm-slim", "--quiesce-label", $"backrest.quiesce={_stack.Project}", "--rcb-command"];
        await using (var killed = RunningProcess.Start(Backrest([.. hanging, "sleep,600"])))
        {
            killed.StandardInput.Close();
            await UntilAsync(async () => await DockerCli.RunAsync("ps", "--quiet", "--filter", "label=backup-sidecar.backrest=backup-once") is { Length: > 0 });
            Assert.False(await StackOfSleepers.IsRunningAsync(app));
            killed.Kill();
        }

        var next = await BackrestAsync([.. hanging, "true"]);

        Assert.True(next.ExitCode == 0, next.LastWords);
        Assert.True(await StackOfSleepers.IsRunningAsync(app));
        Assert.Equal("", await DockerCli.RunAsync("ps", "--all", "--quiet", "--filter", "label=backup-sidecar.backrest=backup-once"));
    }

    private static string[] Writing =>
        ["bash", "-c", "mkdir -p /data/cache /data/deep && echo one > /data/a && echo deep > /data/deep/b && echo junk > /data/cache/c; trap 'exit 0' TERM; sleep infinity & wait"];

    /// <summary>A container with two nested volumes and a folder of the host.</summary>
    private async Task<string> LabelAsync(string service)
    {
        _folder.Write("conf/app.conf", "a=1\n");
        var name = await _stack.MakeAsync(
            [
                "run", "--detach", "--label", "backrest.enable=true", "--label", "backrest.keep=last=2,daily=3", "--label", "backrest.paths.include=/data,/conf",
                "--label", "backrest.paths.exclude=/data/cache", "--volume", $"{_stack.Project}-data:/data", "--volume", $"{_stack.Project}-deep:/data/deep",
                "--volume", $"{_folder["conf"]}:/conf:ro",
            ],
            service, Writing);
        await UntilAsync(() => Task.FromResult(File.Exists($"/var/lib/docker/volumes/{_stack.Project}-data/_data/cache/c")));
        return name;
    }

    /// <summary>An image whose one script backs a volume up, into a repository that it prints.</summary>
    private async Task BuildResticAsync(string image)
    {
        _folder.Shell("mkdir image && cp \"$(command -v restic)\" image/restic");
        _folder.Write("image/Dockerfile", "FROM debian:bookworm-slim\nCOPY restic rcb.sh /\n");
        _folder.Write("image/rcb.sh", """
            set -e
            export RESTIC_REPOSITORY=/repository RESTIC_PASSWORD=of-the-test
            /restic init --quiet && /restic backup --quiet "/var/lib/docker/volumes/$1/_data"
            echo BEGIN; tar -cz -C / repository | base64; echo END
            """);
        await DockerCli.RunAsync("build", "--quiet", "--tag", image, _folder["image"]);
    }

    private void Unpack()
    {
        var lines = _log.Select(line => JsonNode.Parse(line)!).Where(told => (string?)told["msg"] == "backup-once.output").Select(told => (string)told["line"]!).ToList();
        var base64 = lines.SkipWhile(line => line != "BEGIN").Skip(1).TakeWhile(line => line != "END");
        File.WriteAllBytes(_folder["repository.tar.gz"], Convert.FromBase64String(string.Concat(base64)));
        _folder.Shell("tar -xzf repository.tar.gz");
    }

    private JsonNode Plan(string service) =>
        JsonNode.Parse(File.ReadAllText(Config))!["plans"]!.AsArray().Single(plan => IdOf(plan!).EndsWith($"{_stack.Project.Replace('-', '_')}_{service}", StringComparison.Ordinal))!;

    private bool Has(string service) => File.ReadAllText(Config).Contains($"{_stack.Project.Replace('-', '_')}_{service}\"", StringComparison.Ordinal);

    /// <summary>What Backrest makes of the counts of a plan for <c>restic forget</c>.</summary>
    private static IEnumerable<string> Retention(JsonNode plan) => plan["retention"]!["policyTimeBucketed"]!.AsObject()
        .SelectMany(bucket => new[] { bucket.Key == "keepLastN" ? "--keep-last" : $"--keep-{bucket.Key}", $"{bucket.Value}" });

    private static string IdOf(JsonNode plan) => (string)plan["id"]!;

    private static List<string> Texts(JsonNode list) => [.. list.AsArray().Select(text => (string)text!)];

    private Command Backrest(params string[] arguments)
    {
        string[] general = arguments[0] == "backup-once" ? [] : ["--config", Config];
        return new Command(Program, ["backrest", .. arguments, .. general, "--include-project-name"])
        {
            Environment = new Dictionary<string, string> { ["BACKUP_STATE_DIR"] = _folder["state"] },
        };
    }

    private async Task<ProcessResult> BackrestAsync(params string[] arguments)
    {
        _log.Clear();
        await using var process = RunningProcess.Start(Backrest(arguments), _log.Add);
        process.StandardInput.Close();
        return await process.WaitAsync(Cancellation);
    }

    private async Task<string> ResticAsync(string[] arguments)
    {
        var command = new Command("restic", arguments)
        {
            Environment = new Dictionary<string, string> { ["RESTIC_REPOSITORY"] = Repository, ["RESTIC_PASSWORD"] = "of-the-test", ["XDG_CACHE_HOME"] = _folder["cache"] },
        };
        var (result, output) = await RunningProcess.RunAsync(command, Cancellation);
        return result.Succeeded ? output : throw ProcessFailedException.For(command, result);
    }

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        while (!await isTrue())
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
    }
}
