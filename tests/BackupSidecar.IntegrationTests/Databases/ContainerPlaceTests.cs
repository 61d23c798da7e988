using System.Security.Cryptography;
using BackupSidecar.Configuration;
using BackupSidecar.Databases;
using BackupSidecar.Docker;
using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.IntegrationTests.Databases;

public sealed class ContainerPlaceTests(PostgresServer server) : IClassFixture<PostgresServer>, IDisposable
{
    private readonly DockerEngine _engine = new(new Uri("unix:///var/run/docker.sock"), TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ContainerPlace Place => new(_engine, server.Container, server.Container);

    [Fact]
    public async Task Bytes_go_in_and_come_out_as_they_are_and_errors_stay_apart()
    {
        await using var tool = await Place.StartAsync(new Command("sh", "-c", "echo one >&2; cat; echo two >&2; exit 3"), Cancellation);
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);

        var writing = Task.Run(() =>
        {
            tool.StandardInput.Write(bytes);
            tool.StandardInput.Close();
        }, Cancellation);
        using var output = new MemoryStream();
        await tool.StandardOutput.CopyToAsync(output, Cancellation);
        await writing;
        var result = await tool.WaitAsync(Cancellation);

        Assert.Equal(bytes, output.ToArray());
        Assert.Equal((3, "one\ntwo"), (result.ExitCode, result.LastWords));
    }

    [Fact]
    public async Task What_is_killed_is_gone_from_the_container()
    {
        var tool = await Place.StartAsync(new Command("sleep", "4711"), Cancellation);
        await UntilAsync(isRunning: true);

        tool.Kill();
        var result = await tool.WaitAsync(Cancellation);

        Assert.Equal(137, result.ExitCode);
        await UntilAsync(isRunning: false);
        await tool.DisposeAsync();
    }

    [Fact]
    public async Task What_is_given_up_is_gone_from_the_container()
    {
        await using (await Place.StartAsync(new Command("sleep", "4712"), Cancellation))
            await UntilAsync(isRunning: true);

        await UntilAsync(isRunning: false);
    }

    [Fact]
    public async Task A_tool_that_is_not_there_fails_with_its_name()
    {
        var (result, _) = await Place.RunAsync(new Command("no-such-tool"), Cancellation);

        Assert.Equal(127, result.ExitCode);
        Assert.Contains("no-such-tool", result.LastWords);
    }

    [Fact]
    public async Task A_container_that_dies_meanwhile_is_never_a_success()
    {
        await using var other = new PostgresServer();
        await other.InitializeAsync();
        await using var tool = await new ContainerPlace(_engine, other.Container, other.Container).StartAsync(
            new Command("sh", "-c", "while :; do echo line; done"), Cancellation);
        await tool.StandardOutput.ReadExactlyAsync(new byte[100_000], Cancellation);

        await other.KillAsync();
        try
        {
            await tool.StandardOutput.CopyToAsync(Stream.Null, Cancellation);
        }
        catch (IOException)
        {
            // Either end of the stream is right, as long as the exit code tells.
        }

        Assert.NotEqual(0, (await tool.WaitAsync(Cancellation)).ExitCode);
    }

    [Fact]
    public async Task A_secret_in_the_environment_reaches_the_tool_and_no_command_line()
    {
        var command = new Command("sh", "-c", "echo \"$SECRET\"; tr '\\0' ' ' < /proc/$$/cmdline; cat /proc/*/cmdline")
        {
            Environment = new Dictionary<string, string> { ["SECRET"] = "ge heim'\"$x" },
        };

        var (_, output) = await Place.RunAsync(command, Cancellation);

        Assert.StartsWith("ge heim'\"$x\n", output, StringComparison.Ordinal);
        Assert.Equal(output.IndexOf("ge heim", StringComparison.Ordinal), output.LastIndexOf("ge heim", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_says_why()
    {
        var container = $"read-only-{Guid.NewGuid():N}";
        var shared = Directory.CreateTempSubdirectory("backup-sidecar-read-only-");
        await DockerCli.RunAsync(
            "run", "--detach", "--read-only", "--volume", $"{shared.FullName}:/dev/shm:ro", "--name", container, "test/redis", "sleep", "600");

        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => PlacedFile.WriteAsync(new ContainerPlace(_engine, container, container), "/nowhere", "secret"u8.ToArray(), NullLogger.Instance, Cancellation));

        await DockerCli.RunAsync("rm", "--force", "--volumes", container);
        shared.Delete();
        Assert.Contains("Read-only file system", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_removed_is_told_of_and_ends_nothing()
    {
        var log = new Stores.Log();
        var file = await PlacedFile.WriteAsync(Place, "/nowhere", "secret"u8.ToArray(), log, Cancellation);
        await DockerCli.RunAsync("exec", "--user", "root", server.Container, "mv", "/bin/rm", "/bin/rm-away");

        await file.DisposeAsync();

        await DockerCli.RunAsync("exec", "--user", "root", server.Container, "mv", "/bin/rm-away", "/bin/rm");
        var told = Assert.Single(log.Lines);
        Assert.StartsWith("Warning ", told, StringComparison.Ordinal);
        Assert.Contains(server.Container, told, StringComparison.Ordinal);
        Assert.Contains($"Remove it there: rm -f {file.Path} ", told, StringComparison.Ordinal);
        await DockerCli.RunAsync("exec", "--user", "root", server.Container, "rm", file.Path);
    }

    [Theory]
    [InlineData(nameof(DumpVia.Auto), "pg_dump", "exec in container ")]
    [InlineData(nameof(DumpVia.Exec), "pg_dump", "exec in container ")]
    [InlineData(nameof(DumpVia.Client), "pg_dump", "client")]
    [InlineData(nameof(DumpVia.Auto), "mongodump", "client")]
    public async Task The_place_of_a_database_is_its_container_where_that_has_the_tool(string via, string tool, string expected)
    {
        using var places = new ToolPlaces(Enum.Parse<DumpVia>(via), new ServiceSettings(), TimeProvider.System, NullLogger.Instance);

        foreach (var host in new[] { server.Container, await server.AddressAsync() })
        {
            var place = await places.FindAsync(host, wanted: null, [tool], Cancellation);
            Assert.StartsWith(expected, place.Via, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Exec_that_is_not_possible_says_why()
    {
        using var places = new ToolPlaces(DumpVia.Auto, new ServiceSettings(), TimeProvider.System, NullLogger.Instance);

        var noTool = await Assert.ThrowsAsync<DatabaseException>(() => places.FindAsync(server.Container, DumpVia.Exec, ["mongodump"], Cancellation));
        var noContainer = await Assert.ThrowsAsync<DatabaseException>(() => places.FindAsync("nobody.invalid", DumpVia.Exec, ["pg_dump"], Cancellation));

        Assert.EndsWith("has no mongodump", noTool.Message, StringComparison.Ordinal);
        Assert.EndsWith("no single running container is known as 'nobody.invalid'", noContainer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_is_pinned_is_no_other_container_whatever_the_host_is_called()
    {
        using var pinned = Pinned("another");

        Assert.Equal("client", (await pinned.FindAsync(server.Container, DumpVia.Client, ["pg_dump"], Cancellation)).Via);
        Assert.Null((await pinned.TryContainerAsync(server.Container, DumpVia.Client, ["pg_dump"], Cancellation)).Place);
        var refused = await Assert.ThrowsAsync<DatabaseException>(() => pinned.FindAsync(server.Container, wanted: null, ["pg_dump"], Cancellation));
        Assert.Contains($"'{server.Container}' does not lead to that container alone", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("db")]
    [InlineData("localhost")]
    [InlineData("nobody.invalid")]
    public async Task A_place_that_is_pinned_is_its_container_wherever_the_host_leads_from_here(string host)
    {
        var id = (await DockerCli.RunAsync("inspect", "--format", "{{.Id}}", server.Container)).Trim();
        using var pinned = Pinned(id);
        using var client = Pinned(id, DumpVia.Client);

        Assert.StartsWith("exec", (await pinned.FindAsync(host, wanted: null, ["pg_dump"], Cancellation)).Via, StringComparison.Ordinal);
        // Nothing that the name means to us may take its place.
        await Assert.ThrowsAsync<DatabaseException>(() => pinned.FindAsync(host, wanted: null, ["no-such-tool"], Cancellation));
        await Assert.ThrowsAsync<DatabaseException>(() => client.FindAsync(host, wanted: null, ["pg_dump"], Cancellation));
        var address = (await DockerCli.RunAsync("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", server.Container)).Trim();
        Assert.Equal("client", (await client.FindAsync(address, wanted: null, ["pg_dump"], Cancellation)).Via);
    }

    public void Dispose() => _engine.Dispose();

    private static ToolPlaces Pinned(string id, DumpVia via = DumpVia.Auto) =>
        new(via, new ServiceSettings(), TimeProvider.System, NullLogger.Instance) { Pinned = id };

    private async Task UntilAsync(bool isRunning)
    {
        while ((await Place.RunAsync(new Command("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), Cancellation)).Output.Contains("sleep 471", StringComparison.Ordinal) != isRunning)
            await Task.Delay(50, Cancellation);
    }
}
