using System.Text.Json.Nodes;
using BackupSidecar.Backrest;
using BackupSidecar.Backrest.Configs;
using BackupSidecar.Configuration.Backrest;
using BackupSidecar.Configuration.Input;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;
using BackupSidecar.Tests.Targets;

namespace BackupSidecar.Tests.Backrest;

public sealed class ReconcilerTests : IAsyncLifetime
{
    private readonly FakeDockerDaemon _docker = new();
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLog _log = new();
    private readonly Dictionary<string, IReadOnlyList<string>> _flags = [];
    private readonly DockerEngine _engine;
    private readonly HttpClient _client = new();

    public ReconcilerTests()
    {
        _engine = new DockerEngine(_docker.Host, TimeProvider.System);
        _folder.Write("config.json", HandMade.Config);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Config => File.ReadAllText(_folder["config.json"]);

    private IEnumerable<string> PlanIds => PlanScene.Config(Config).Plans.Select(plan => plan.TextOf("id"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _engine.Dispose();
        await _docker.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_labelled_container_gets_a_plan_and_a_second_look_changes_nothing()
    {
        Label("app");
        var reconciler = Reconciler();

        Assert.Equal(new Reconciled(1, 0, 1), await reconciler.RunAsync(Cancellation));
        var written = Config;
        Assert.Equal(new Reconciled(1, 0, 0), await reconciler.RunAsync(Cancellation));

        Assert.Equal(written, Config);
        Assert.Contains("backrest_sidecar_app", PlanIds);
        Assert.Contains(_log.Lines, line => line.EndsWith("8 plans, 1 of them changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_tells_and_writes_nothing()
    {
        Label("app");
        _flags["--dry-run"] = ["true"];

        Assert.Equal(1, (await Reconciler().RunAsync(Cancellation)).Changed);

        Assert.Equal(HandMade.Config, Config);
        Assert.Contains(_log.Lines, line => line.Contains("Dry run: 1 of 1 plans would change", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_would_break_Backrest_costs_one_container_its_plan_and_is_told_once()
    {
        Label("app", ("backrest.keep", "within=3d"));
        Label("other");
        Label("lost", ("backrest.repo", "gone"));
        var reconciler = Reconciler();

        Assert.Equal(new Reconciled(1, 2, 1), await reconciler.RunAsync(Cancellation));
        await reconciler.RunAsync(Cancellation);

        Assert.Single(_log.Lines, line => line.StartsWith("Warning: Container shop-app-1 backrest.keep: Backrest has no policy 'within'", StringComparison.Ordinal));
        Assert.Single(_log.Lines, line => line.StartsWith("Warning: Container shop-lost-1: Backrest has no repo gone", StringComparison.Ordinal));
        Assert.DoesNotContain("backrest_sidecar_app", PlanIds);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_configuration_that_Backrest_would_not_start_with_is_not_written_and_its_fault_is_told(string isDry)
    {
        Label("app");
        _flags["--dry-run"] = [isDry];
        _folder.Write("config.json", HandMade.Config.Replace("\"policyKeepLastN\": 30", "", StringComparison.Ordinal));
        var before = Config;

        var failure = await Assert.ThrowsAsync<BackrestException>(() => Reconciler().RunAsync(Cancellation));

        Assert.Contains("even without a change of ours. Mend this first: plan 'keep-last': retention: it is there without a policy.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Config);
    }

    [Fact]
    public async Task Two_services_of_one_name_are_reported_and_neither_touches_the_plan()
    {
        Label("app");
        await Reconciler().RunAsync(Cancellation);
        var written = Config;
        var twin = _docker.Add("blog-app-1", "blog", "app");
        twin.Labels["backrest.enable"] = "true";
        twin.Mounts.Add(Volume("blog"));
        _flags["--prune"] = ["true"];
        _folder.Write("config.json", written.Replace("backrest_sidecar_old", "hand_made", StringComparison.Ordinal));
        written = Config;

        Assert.Equal(new Reconciled(0, 2, 0), await Reconciler().RunAsync(Cancellation));

        Assert.Equal(written, Config);
        Assert.Equal(2, _log.Lines.Count(line => line.Contains("none of them gets it", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_container_that_goes_leaves_its_plan_until_somebody_prunes()
    {
        await Reconciler().RunAsync(Cancellation);
        Assert.Equal(HandMade.Config, Config);
        Assert.Contains(_log.Lines, line => line.Contains("Plan backrest_sidecar_old stays although its container is gone", StringComparison.Ordinal));
        _flags["--prune"] = ["true"];

        Assert.Equal(1, (await Reconciler().RunAsync(Cancellation)).Changed);

        Assert.DoesNotContain("backrest_sidecar_old", PlanIds);
    }

    [Fact]
    public async Task Without_a_file_there_is_nothing_to_do_and_none_is_made()
    {
        Label("app");
        File.Delete(_folder["config.json"]);

        Assert.Equal(new Reconciled(0, 1, 0), await Reconciler().RunAsync(Cancellation));

        Assert.Equal("", _folder.Shell("ls -A"));
        Assert.Contains(_log.Lines, line => line.Contains("name the right file in --config", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_of_compose_and_a_label_that_is_not_exactly_true_get_no_plan()
    {
        Label("job").Labels[ComposeLabels.OneOff] = "True";
        Label("app").Labels["backrest.enable"] = "yes";

        Assert.Equal(new Reconciled(0, 0, 0), await Reconciler().RunAsync(Cancellation));

        Assert.Contains(_log.Lines, line => line.Contains("Container shop-app-1 is left out: backrest.enable must be exactly 'true'.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("main", "Default repo: main (from flag)")]
    [InlineData("nowhere", "Backrest has no repo nowhere; main is taken instead")]
    public async Task The_default_repository_is_told(string wanted, string told)
    {
        _flags["--default-repo"] = [wanted];

        await Reconciler().RunAsync(Cancellation);

        Assert.Contains(_log.Lines, line => line.EndsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_keeps_its_repository_whatever_plan_comes_first_and_a_new_one_follows_those_of_others()
    {
        Label("app");
        await Reconciler().RunAsync(Cancellation);
        Assert.Equal("main", RepoOf("backrest_sidecar_app"));
        // As if a plan on the other repository had been made, and Backrest had sorted them all by name.
        _folder.Write("config.json", Config.Replace("{ \"id\": \"keep-last\", \"repo\": \"main\"", "{ \"id\": \"keep-last\", \"repo\": \"disk\"", StringComparison.Ordinal));

        Assert.Equal(0, (await Reconciler().RunAsync(Cancellation)).Changed);
        Label("fresh");
        await Reconciler().RunAsync(Cancellation);

        Assert.Equal(("main", "disk"), (RepoOf("backrest_sidecar_app"), RepoOf("backrest_sidecar_fresh")));
    }

    [Fact]
    public async Task Plans_of_ours_decide_nothing_for_others_of_ours()
    {
        Label("fresh");
        _folder.Write("config.json", """
            {"modno":1,"version":4,"repos":[{"id":"main","uri":"x"},{"id":"disk","uri":"y"}],
             "plans":[{"id":"backrest_sidecar_a","repo":"disk","paths":["/a"],"schedule":{"cron":"0 2 * * *"}}]}
            """);

        await Reconciler().RunAsync(Cancellation);

        Assert.Equal(("disk", "main"), (RepoOf("backrest_sidecar_a"), RepoOf("backrest_sidecar_fresh")));
    }

    [Fact]
    public async Task A_plan_moves_to_the_repository_that_the_operator_names_and_from_one_that_is_gone()
    {
        Label("app");
        await Reconciler().RunAsync(Cancellation);
        _flags["--default-repo"] = ["disk"];

        await Reconciler().RunAsync(Cancellation);
        Assert.Equal("disk", RepoOf("backrest_sidecar_app"));
        _flags.Clear();
        _folder.Write("config.json", Config.Replace("\"repo\": \"disk\",\n      \"paths\": [\n", "\"repo\": \"gone\",\n      \"paths\": [\n", StringComparison.Ordinal));
        Assert.Equal("gone", RepoOf("backrest_sidecar_app"));

        await Reconciler().RunAsync(Cancellation);

        Assert.Equal("main", RepoOf("backrest_sidecar_app"));
    }

    [Fact]
    public async Task What_a_stop_would_remove_is_never_stopped()
    {
        Label("app", ("backrest.hooks.template", "simple-stop-start")).AutoRemove = true;

        await Reconciler().RunAsync(Cancellation);

        Assert.Contains("backrest_sidecar_app", PlanIds);
        Assert.DoesNotContain("docker stop", Config, StringComparison.Ordinal);
        Assert.Single(_log.Lines, line => line.Contains("was made with --rm", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("short id")]
    [InlineData("/nas-web-1")]
    [InlineData("nas-web-1")]
    [InlineData("web")]
    public async Task However_Backrest_is_named_its_own_container_gets_no_hook_that_stops_it(string named)
    {
        var backrest = _docker.Add("nas-web-1", "nas", "web");
        backrest.Labels["backrest.enable"] = "true";
        backrest.Labels["backrest.hooks.template"] = "simple-stop-start";
        backrest.Mounts.Add(Volume("config"));
        _flags["--backrest-container"] = [named switch { "id" => backrest.Id, "short id" => backrest.Id[..12], _ => named }];

        await Reconciler().RunAsync(Cancellation);

        Assert.Contains("backrest_sidecar_web", PlanIds);
        Assert.DoesNotContain("docker stop", Config, StringComparison.Ordinal);
        Assert.Single(_log.Lines, line => line.Contains("it would not be there to be started again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Over_the_api_what_somebody_saved_meanwhile_is_merged_again()
    {
        Label("app");
        await using var backrest = new FakeBackrest { Config = JsonNode.Parse(HandMade.Config)!.AsObject() };
        var saved = false;
        backrest.BeforeSet = fake =>
        {
            if (saved)
                return;
            saved = true;
            fake.Config["modno"] = 40;
            fake.Config["instance"] = "renamed";
        };

        Assert.Equal(1, (await Reconciler(new ConfigApi(new ApiSettings(backrest.Url, "admin", null), _client)).RunAsync(Cancellation)).Changed);

        Assert.Equal((41, "renamed"), ((int)backrest.Config["modno"]!, (string?)backrest.Config["instance"]));
        Assert.Equal(8, backrest.Config["plans"]!.AsArray().Count);
        Assert.Contains(_log.Lines, line => line.Contains("is read and merged again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_told_is_not_told_again_because_a_look_failed_in_between()
    {
        Label("app", ("backrest.keep", "within=3d"));
        var reconciler = Reconciler();
        await reconciler.RunAsync(Cancellation);
        var good = Config;
        _folder.Write("config.json", "{");
        await Assert.ThrowsAsync<BackrestException>(() => reconciler.RunAsync(Cancellation));
        _folder.Write("config.json", good);

        await reconciler.RunAsync(Cancellation);

        Assert.Single(_log.Lines, line => line.Contains("Backrest has no policy 'within'", StringComparison.Ordinal));
        Assert.Single(_log.Lines, line => line.Contains("Default repo", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_has_the_shorter_prefix_leaves_the_plans_of_the_longer_one_alone()
    {
        var app = Label("app");
        _folder.Write("config.json", """{"modno":1,"version":4,"repos":[{"id":"main","uri":"x"}],"plans":[]}""");
        _flags["--plan-id-prefix"] = ["nas_two_"];
        await Reconciler().RunAsync(Cancellation);
        _flags["--plan-id-prefix"] = ["nas_"];
        _flags["--prune"] = ["true"];

        await Reconciler().RunAsync(Cancellation);
        Assert.Equal(["nas_two_app", "nas_app"], PlanIds);
        Label("two-db");
        Assert.Equal(new Reconciled(1, 1, 0), await Reconciler().RunAsync(Cancellation));

        Assert.Equal(["nas_two_app", "nas_app"], PlanIds);
        Assert.Contains(_log.Lines, line => line.Contains("shop-two-db-1", StringComparison.Ordinal) && line.Contains("nas_two_", StringComparison.Ordinal));
        _docker.Remove(app);
        await Reconciler().RunAsync(Cancellation);
        Assert.Equal(["nas_two_app"], PlanIds);
    }

    private string RepoOf(string id) => PlanScene.Config(Config).Plans.Single(plan => plan.TextOf("id") == id).TextOf("repo");

    private FakeContainer Label(string service, params (string Key, string Value)[] labels)
    {
        var container = _docker.Add($"shop-{service}-1", "shop", service);
        container.Labels["backrest.enable"] = "true";
        foreach (var (key, value) in labels)
            container.Labels[key] = value;
        container.Mounts.Add(Volume(service));
        return container;
    }

    private static JsonObject Volume(string name) => new()
    {
        ["Type"] = "volume",
        ["Name"] = name,
        ["Source"] = $"/var/lib/docker/volumes/{name}/_data",
        ["Destination"] = "/data",
        ["Driver"] = "local",
    };

    private Reconciler Reconciler(IConfigStore? store = null)
    {
        var settings = new BackrestReader(_flags, new Dictionary<string, string>(), _ => FileReading.Missing).Read();
        return new Reconciler(settings, PlanDefaultsReader.Read(settings), _engine, store ?? new ConfigFile(_folder["config.json"]), pending: null, _log);
    }
}
