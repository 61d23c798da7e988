using BackupSidecar.Docker;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Docker;

public sealed class ContainerRunTests : IAsyncLifetime
{
    private readonly FakeDockerDaemon _daemon = new();
    private readonly DockerEngine _engine;
    private readonly List<string> _lines = [];

    public ContainerRunTests() => _engine = new DockerEngine(_daemon.Host, TimeProvider.System);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task A_program_runs_to_its_end_in_a_container_that_goes_with_it()
    {
        _daemon.Program = _ => ("one\nt\u00c3\u00b6o\r\nlast", 3);

        Assert.Equal(3, await RunAsync("tool"));

        Assert.Equal(["one", "töo", "last"], _lines);
        Assert.Equal(["create tool", "start made-1", "remove made-1"], _daemon.Recorded("create ").Concat(_daemon.Recorded("start ")).Concat(_daemon.Recorded("remove ")));
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_pulled_in_one_version()
    {
        _daemon.MissingImages.Add("example/tool");

        await RunAsync("example/tool");

        Assert.Equal(["pull example/tool:latest"], _daemon.Recorded("pull "));
    }

    [Fact]
    public async Task An_image_that_is_nowhere_is_named()
    {
        _daemon.MissingImages.Add("example/nowhere:1");

        var failure = await Assert.ThrowsAsync<DockerException>(() => RunAsync("example/nowhere:1"));

        Assert.Equal("pulling example/nowhere:1 failed: manifest unknown", failure.Message);
    }

    private Task<int> RunAsync(string image) => new ContainerRun(_engine).RunAsync(
        new ContainerSpec { Image = image, Cmd = [image] }, _lines.Add, TestContext.Current.CancellationToken);
}
