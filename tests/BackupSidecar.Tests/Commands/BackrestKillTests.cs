using System.Text.Json.Nodes;
using BackupSidecar.Configuration;
using BackupSidecar.Failpoints;
using BackupSidecar.Tests.Backrest;
using BackupSidecar.Tests.Support;

namespace BackupSidecar.Tests.Commands;

/// <summary>
/// A reconcile that dies at each step: the configuration is the old one or the new one, never a mixture, and the next run leaves
/// nothing undone, the restart included.
/// </summary>
public sealed class BackrestKillTests : IAsyncLifetime
{
    private const int Killed = 137;

    private readonly BuiltProgram _program = new();
    private readonly FakeDockerDaemon _docker = new();

    public static TheoryData<string> Points =>
        [.. Enum.GetNames<Failpoint>().Where(point => point.StartsWith("Backrest", StringComparison.Ordinal))];

    private string Config => _program.Path("backrest", "config.json");

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_program.Path("backrest"));
        File.WriteAllText(Config, HandMade.Config);
        _program.Settings["DOCKER_HOST"] = _docker.Host.AbsoluteUri;
        _docker.Add("backrest");
        var app = _docker.Add("app");
        app.Labels["backrest.enable"] = "true";
        app.Mounts.Add(new JsonObject { ["Type"] = "bind", ["Source"] = "/srv/app", ["Destination"] = "/data" });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _docker.DisposeAsync();
        _program.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Points))]
    public async Task Wherever_it_is_killed_the_file_is_whole_and_the_next_run_does_the_rest(string point)
    {
        File.WriteAllText(_program.Path("orders"), $"{FailpointFile.Sentence}\nkill {point}\n");
        _program.Settings[FailpointFile.Variable] = _program.Path("orders");
        var killed = await ReconcileAsync();
        Assert.True(killed.ExitCode == Killed, killed.Everything);
        var left = File.ReadAllText(Config);
        _program.Settings[FailpointFile.Variable] = null;

        var next = await ReconcileAsync();

        Assert.True(next.ExitCode is 0 or 2, next.Everything);
        var done = File.ReadAllText(Config);
        Assert.True(left == HandMade.Config || left == done, left);
        Assert.Contains("backrest_sidecar_app", done, StringComparison.Ordinal);
        Assert.NotEmpty(_docker.Recorded("restart "));
        Assert.Equal(2, (await ReconcileAsync()).ExitCode);
        Assert.Equal(["config.json"], Directory.EnumerateFileSystemEntries(_program.Path("backrest")).Select(Path.GetFileName));
    }

    private Task<Ended> ReconcileAsync() => _program.RunAsync("backrest", "reconcile", "--apply", "--config", Config);
}
