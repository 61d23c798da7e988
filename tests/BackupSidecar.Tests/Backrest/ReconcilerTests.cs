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

    [Fact]
    public async Task A_configuration_that_Backrest_would_not_start_with_is_not_written_and_its_fault_is_told()
    {
        Label("app");
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
        return new Reconciler(settings, PlanDefaultsReader.Read(settings, null), _engine, store ?? new ConfigFile(_folder["config.json"]), pending: null, _log);
    }
}
