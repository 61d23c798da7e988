using System.Net;
using System.Net.Sockets;
using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Docker;

public sealed class DockerEngineTests : IAsyncLifetime
{
    private readonly FakeDockerDaemon _daemon = new();
    private readonly SkippingClock _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Theory]
    [InlineData("1.24", "/v1.24/")]
    [InlineData("1.41", "/v1.41/")]
    [InlineData("1.51", "/v1.51/")]
    [InlineData("1.99", "/v1.51/")]
    [InlineData("2.0", "/v1.51/")]
    [InlineData(null, "/containers/")]
    [InlineData("nonsense", "/containers/")]
    public async Task The_newest_version_that_both_know_is_spoken(string? theirs, string prefix)
    {
        _daemon.ApiVersion = theirs;
        using var engine = new DockerEngine(_daemon.Host, _clock);

        await engine.ListContainersAsync(new Dictionary<string, string>(), Cancellation);

        Assert.Equal("/_ping", _daemon.Paths[0]);
        Assert.StartsWith(prefix, _daemon.Paths[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_is_too_new_says_so_itself()
    {
        _daemon.ApiVersion = "1.60";
        _daemon.MinimumApiVersion = new Version(1, 55);
        using var engine = new DockerEngine(_daemon.Host, _clock);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.InspectAsync("app", Cancellation));

        Assert.Equal(HttpStatusCode.BadRequest, error.Status);
        Assert.Contains("Minimum supported API version is 1.55", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_asked_again_after_the_engine_was_away()
    {
        var app = _daemon.Add("app");
        using var engine = new DockerEngine(_daemon.Host, _clock);
        await engine.InspectAsync(app.Id, Cancellation);
        await _daemon.GoDownAsync();
        await Assert.ThrowsAsync<DockerException>(() => engine.InspectAsync(app.Id, Cancellation));
        _daemon.ApiVersion = "1.48";
        _daemon.Start();

        await engine.InspectAsync(app.Id, Cancellation);

        Assert.Equal($"/v1.48/containers/{app.Id}/json", _daemon.Paths[^1]);
    }

    [Fact]
    public async Task Containers_are_listed_by_their_labels()
    {
        var app = _daemon.Add("shop-app-1", "shop", "app");
        _daemon.Add("shop-db-1", "shop", "db");
        _daemon.Add("alone").Status = "exited";
        using var engine = new DockerEngine(_daemon.Host, _clock);

        var ofService = await engine.ListContainersAsync(new Dictionary<string, string> { [ComposeLabels.Service] = "app" }, Cancellation);
        var all = await engine.ListContainersAsync(new Dictionary<string, string>(), Cancellation);

        Assert.Equal(app.Id, Assert.Single(ofService).Id);
        Assert.Equal(3, all.Count);
        Assert.True(all[2].HasName("alone"));
    }

    [Fact]
    public async Task A_container_is_described_stopped_and_started()
    {
        var app = _daemon.Add("app");
        using var engine = new DockerEngine(_daemon.Host, _clock);

        await engine.StopAsync(app.Id, TimeSpan.FromSeconds(1.5), Cancellation);
        await engine.StopAsync(app.Id, TimeSpan.FromSeconds(1.5), Cancellation);
        Assert.False((await engine.InspectAsync("app", Cancellation))?.State.Running);
        Assert.True(await engine.StartAsync(app.Id, Cancellation));
        Assert.False(await engine.StartAsync(app.Id, Cancellation));

        Assert.True((await engine.InspectAsync("app", Cancellation))?.State.Running);
    }

    [Fact]
    public async Task A_container_that_is_not_there_is_null()
    {
        using var engine = new DockerEngine(_daemon.Host, _clock);

        Assert.Null(await engine.InspectAsync("../no/such?thing", Cancellation));
    }

    [Fact]
    public async Task A_refusal_tells_what_was_attempted_and_what_the_engine_said()
    {
        var app = _daemon.Add("app");
        app.FailingStarts = 1;
        app.Status = "exited";
        using var engine = new DockerEngine(_daemon.Host, _clock);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.StartAsync(app.Id, Cancellation));

        Assert.Equal(
            $"Docker engine at {_daemon.Host}: starting container {app.Id} failed. HTTP 500: " +
            "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated.",
            error.Message);
        Assert.False(error.IsUnreachable);
    }

    [Fact]
    public async Task A_socket_proxy_that_forbids_tells_what_to_allow()
    {
        await using var proxy = new FakeDockerDaemon(tcp: true) { AllowedMethods = ["GET"] };
        var app = proxy.Add("app");
        using var engine = new DockerEngine(proxy.Host, _clock);
        await engine.InspectAsync(app.Id, Cancellation);

        var stop = await Assert.ThrowsAsync<DockerException>(() => engine.StopAsync(app.Id, TimeSpan.Zero, Cancellation));
        proxy.AllowedMethods = [];
        var look = await Assert.ThrowsAsync<DockerException>(() => engine.InspectAsync(app.Id, Cancellation));

        Assert.Contains("ALLOW_START=1 and ALLOW_STOP=1", stop.Message, StringComparison.Ordinal);
        Assert.Contains("PING=1 and CONTAINERS=1", look.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, stop.Status);
    }

    [Fact]
    public async Task Without_a_socket_it_is_said_what_to_mount()
    {
        var folder = Directory.CreateTempSubdirectory("no-docker-");
        using var missing = new DockerEngine(new Uri($"unix://{folder.FullName}/docker.sock"), _clock);
        using var mountedFolder = new DockerEngine(new Uri($"unix://{folder.FullName}"), _clock);

        var nothing = await Assert.ThrowsAsync<DockerException>(() => missing.InspectAsync("app", Cancellation));
        var directory = await Assert.ThrowsAsync<DockerException>(() => mountedFolder.InspectAsync("app", Cancellation));
        folder.Delete();

        Assert.Contains("Mount it (volumes: /var/run/docker.sock:", nothing.Message, StringComparison.Ordinal);
        Assert.Contains("A directory is mounted there instead of a socket", directory.Message, StringComparison.Ordinal);
        Assert.True(nothing.IsUnreachable);
    }

    [Fact]
    public void A_socket_that_may_not_be_opened_tells_who_may()
    {
        var refused = new HttpRequestException("Permission denied", new SocketException((int)SocketError.AccessDenied));

        Assert.Contains("group_add", new DockerEndpoint(_daemon.Host).Explain(refused), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://docker:2376", "TLS to the Docker engine is not supported")]
    [InlineData("ssh://root@host", "cannot be used")]
    [InlineData("unix://var/run/docker.sock", "three slashes")]
    [InlineData("npipe:////./pipe/docker_engine", "cannot be used")]
    public async Task An_address_that_cannot_be_used_is_reported_by_the_first_call(string host, string expected)
    {
        using var engine = new DockerEngine(new Uri(host), _clock);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.InspectAsync("app", Cancellation));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(error.IsUnreachable);
    }

    [Fact]
    public void A_password_in_the_address_is_not_shown() =>
        Assert.DoesNotContain("secret", new DockerEndpoint(new Uri("tcp://user:secret@proxy:2375/")).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("tcp://proxy", "http://proxy:2375/")]
    [InlineData("tcp://proxy:1234", "http://proxy:1234/")]
    [InlineData("http://proxy", "http://proxy/")]
    [InlineData("tcp://[::1]:2375", "http://[::1]:2375/")]
    public void An_address_of_the_network_is_spoken_to_in_http(string host, string expected) =>
        Assert.Equal(new Uri(expected), new DockerEndpoint(new Uri(host)).BaseAddress);

    [Theory]
    [InlineData("/_ping")]
    [InlineData("/json")]
    public async Task A_call_that_is_never_answered_ends(string path)
    {
        _daemon.HangsOn = path;
        using var engine = new DockerEngine(_daemon.Host, _clock);
        var call = engine.InspectAsync("app", Cancellation);
        await _daemon.Saw(path == "/_ping" ? path : "/v1.41/containers/app/json");

        _clock.RunOut();

        var error = await Assert.ThrowsAsync<DockerException>(() => call);
        Assert.Contains("No answer came within 30 seconds", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsUnreachable);
    }

    [Theory]
    [InlineData(200, "<html>hello</html>")]
    [InlineData(200, "null")]
    [InlineData(200, "{\"Id\": 7}")]
    [InlineData(200, "")]
    [InlineData(301, "")]
    [InlineData(418, "{\"message\": 5}")]
    [InlineData(500, "{")]
    public async Task What_is_no_docker_engine_is_an_error(int status, string body)
    {
        _daemon.Nonsense = new TinyResponse(status, body);
        using var engine = new DockerEngine(_daemon.Host, _clock);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.InspectAsync("app", Cancellation));

        Assert.Equal(status, (int?)error.Status);
    }

    [Fact]
    public async Task A_proxy_that_does_not_find_the_engine_counts_as_no_engine()
    {
        _daemon.Nonsense = new TinyResponse(503, "<html><body><h1>503 Service Unavailable</h1></body></html>");
        using var engine = new DockerEngine(_daemon.Host, _clock);

        var error = await Assert.ThrowsAsync<DockerException>(() => engine.StartAsync("app", Cancellation));

        Assert.True(error.IsUnreachable);
    }
}
