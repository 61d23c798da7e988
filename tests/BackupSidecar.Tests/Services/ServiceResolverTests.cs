using BackupSidecar.Docker;
using BackupSidecar.Services;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Services;

public sealed class ServiceResolverTests : StopWindowFixture
{
    [Fact]
    public async Task The_service_of_our_own_project_comes_before_a_container_of_that_name()
    {
        Daemon.Add("app");
        Daemon.Add("other-app-1", "other", "app");
        Daemon.Add("shop-app-1", "shop", "app");

        Assert.Equal(["shop-app-1"], await FindAsync("app"));
    }

    [Fact]
    public async Task The_project_is_that_of_our_own_container_unless_it_is_set()
    {
        var own = Daemon.Add("other-backup-1", "other", "backup");
        Daemon.Add("other-app-1", "other", "app");
        Daemon.Add("shop-app-1", "shop", "app");

        Assert.Equal(["other-app-1"], await FindAsync(["app"], own.Id, project: null));
        Assert.Equal(["shop-app-1"], await FindAsync(["app"], own.Id, project: "shop"));
    }

    [Fact]
    public async Task Containers_are_found_by_name_and_by_the_beginning_of_their_id()
    {
        var plain = Daemon.Add("plain");
        var foreign = Daemon.Add("other-db-1", "other", "db");

        Assert.Equal(["plain"], await FindAsync(plain.Id[..12]));
        Assert.Equal(["other-db-1"], await FindAsync("other-db-1"));
        Assert.Contains("another Compose project (other)", await FaultAsync(foreign.Id[..12]), StringComparison.Ordinal);
        Assert.Contains("was not found", await FaultAsync(plain.Id[..11]), StringComparison.Ordinal);
        Assert.Contains("was not found", await FaultAsync("plai"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_with_two_names_in_the_list_is_taken_once()
    {
        Daemon.Add("shop-app-1", "shop", "app");

        Assert.Equal(["shop-app-1"], await FindAsync("app", "shop-app-1", "app"));
    }

    [Fact]
    public async Task One_off_containers_do_not_stand_for_their_service()
    {
        Daemon.Add("shop-app-1", "shop", "app");
        Daemon.Add("shop-app-run-1", "shop", "app").Labels[ComposeLabels.OneOff] = "True";
        Daemon.Add("shop-migrate-run-1", "shop", "migrate").Labels[ComposeLabels.OneOff] = "True";

        Assert.Equal(["shop-app-1"], await FindAsync("app"));
        Assert.Contains("has the services app,", await FaultAsync("migrate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_with_what_could_have_been_meant()
    {
        Daemon.Add("shop-web-1", "shop", "web");
        Daemon.Add("shop-db-1", "shop", "db").Status = "paused";

        var fault = await FaultAsync("wbe", "db", "web", "ap");

        Assert.Contains("'wbe' was not found: the Compose project 'shop' has the services db, web", fault, StringComparison.Ordinal);
        Assert.Contains("'db' (container shop-db-1) is paused", fault, StringComparison.Ordinal);
        Assert.Contains("'ap' was not found", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("'web'", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_project_it_is_said_how_to_name_one()
    {
        Daemon.Add("shop-web-1", "shop", "web");

        Assert.Contains("Set COMPOSE_PROJECT_NAME", await FaultAsync(["web"], ownId: null, project: null), StringComparison.Ordinal);
        Assert.Contains("is COMPOSE_PROJECT_NAME right?", await FaultAsync(["web"], ownId: null, project: "typo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("paused", "is paused")]
    [InlineData("restarting", "is restarting again and again")]
    public async Task What_neither_runs_nor_rests_is_refused(string status, string reason)
    {
        Daemon.Add("app").Status = status;

        Assert.Contains(reason, await FaultAsync("app"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_stop_would_destroy_or_swarm_would_replace_is_refused()
    {
        Daemon.Add("temp").AutoRemove = true;
        Daemon.Add("web.1.x").Labels["com.docker.swarm.service.name"] = "web";

        Assert.Contains("made with --rm", await FaultAsync("temp"), StringComparison.Ordinal);
        Assert.Contains("Swarm", await FaultAsync("web.1.x"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_comes_before_anything_is_stopped()
    {
        Daemon.Add("a");
        Daemon.Add("b").Status = "paused";

        await Assert.ThrowsAsync<ServiceException>(() => PrepareAsync("a", "b"));

        Assert.Empty(Daemon.Changes);
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("shop-backup-1")]
    [InlineData("id")]
    public async Task We_never_stop_ourselves(string name)
    {
        var own = Daemon.Add("shop-backup-1", "shop", "backup");

        var fault = await FaultAsync([name == "id" ? own.Id : name], own.Id, "shop");

        Assert.Contains("is the container that this program runs in", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://socket-proxy:2375")]
    [InlineData("tcp://Shop-Socket-Proxy-1:2375")]
    [InlineData("tcp://docker-api:2375")]
    [InlineData("tcp://172.30.0.9:2375")]
    [InlineData("http://host.docker.internal:12375")]
    public void We_never_stop_the_socket_proxy(string dockerHost)
    {
        var proxy = new ContainerDetails
        {
            Id = "1",
            Name = "/shop-socket-proxy-1",
            State = new ContainerState { Running = true },
            Config = new ContainerConfig { Labels = new Dictionary<string, string> { [ComposeLabels.Service] = "socket-proxy" } },
            NetworkSettings = new ContainerNetworkSettings
            {
                Networks = new Dictionary<string, ContainerNetwork?> { ["net"] = new() { Aliases = ["docker-api"], IPAddress = "172.30.0.9" } },
                Ports = new Dictionary<string, IReadOnlyList<PublishedPort>?> { ["2375/tcp"] = [new PublishedPort { HostPort = "12375" }], ["80/tcp"] = null },
            },
        };

        Assert.Contains("serves DOCKER_HOST", new ServiceRefusal(ownId: null, new Uri(dockerHost)).ReasonFor(proxy), StringComparison.Ordinal);
        Assert.Null(new ServiceRefusal(ownId: null, new Uri("unix:///var/run/docker.sock")).ReasonFor(proxy));
        Assert.Null(new ServiceRefusal(ownId: null, new Uri("tcp://elsewhere:2375")).ReasonFor(proxy));
    }

    [Fact]
    public async Task No_mixture_of_names_and_labels_ever_stops_us_or_a_foreign_service()
    {
        var random = new Random(209);
        string[] names = ["app", "db", "backup", "shop-app-1"];
        string[] projects = ["shop", "other"];
        for (var round = 0; round < 200; round++)
        {
            await using var daemon = new FakeDockerDaemon();
            var own = daemon.Add("shop-backup-1", "shop", names[random.Next(names.Length)]);
            for (var count = random.Next(5); count > 0; count--)
                daemon.Add($"container-{count}", projects[random.Next(2)], names[random.Next(names.Length)]);
            using var engine = new DockerEngine(daemon.Host, Clock);
            var settings = Settings([.. names.Where(_ => random.Next(2) == 0)]) with { ComposeProject = null };

            try
            {
                foreach (var found in await new ServiceResolver(engine, settings, own.Id).ResolveAsync(Cancellation))
                {
                    Assert.NotEqual(own.Id, found.Details.Id);
                    Assert.Equal("shop", found.Details.Label(ComposeLabels.Project));
                }
            }
            catch (ServiceException refused)
            {
                Assert.Contains("'", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    private Task<IEnumerable<string>> FindAsync(params string[] names) => FindAsync(names, ownId: null, "shop");

    private async Task<IEnumerable<string>> FindAsync(string[] names, string? ownId, string? project)
    {
        using var engine = new DockerEngine(Daemon.Host, Clock);
        var resolver = new ServiceResolver(engine, Settings(names) with { ComposeProject = project }, ownId);
        return (await resolver.ResolveAsync(Cancellation)).Select(container => container.Details.PlainName);
    }

    private Task<string> FaultAsync(params string[] names) => FaultAsync(names, ownId: null, "shop");

    private async Task<string> FaultAsync(string[] names, string? ownId, string? project) =>
        (await Assert.ThrowsAsync<ServiceException>(() => FindAsync(names, ownId, project))).Message;
}
