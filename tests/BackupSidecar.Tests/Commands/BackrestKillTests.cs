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
public sealed class BackrestKillTests
{
    private const int Killed = 137;

    /// <summary>All at once, because most of the time is that of waiting whether Backrest stays up.</summary>
    [Fact(Timeout = 120_000)]
    public Task Wherever_it_is_killed_the_file_is_whole_and_the_next_run_does_the_rest() =>
        Task.WhenAll(Enum.GetNames<Failpoint>().Where(point => point.StartsWith("Backrest", StringComparison.Ordinal)).Select(IsWholeAfterAsync));

    private static async Task IsWholeAfterAsync(string point)
    {
        using var program = new BuiltProgram();
        await using var docker = new FakeDockerDaemon();
        var config = program.Path("backrest", "config.json");
        Directory.CreateDirectory(program.Path("backrest"));
        await File.WriteAllTextAsync(config, HandMade.Config);
        program.Settings["DOCKER_HOST"] = docker.Host.AbsoluteUri;
        docker.Add("backrest");
        var app = docker.Add("app");
        app.Labels["backrest.enable"] = "true";
        app.Mounts.Add(new JsonObject { ["Type"] = "bind", ["Source"] = "/srv/app", ["Destination"] = "/data" });
        await File.WriteAllTextAsync(program.Path("orders"), $"{FailpointFile.Sentence}\nkill {point}\n");
        program.Settings[FailpointFile.Variable] = program.Path("orders");

        var killed = await ReconcileAsync();
        var left = await File.ReadAllTextAsync(config);
        program.Settings[FailpointFile.Variable] = null;
        var next = await ReconcileAsync();
        var done = await File.ReadAllTextAsync(config);

        Assert.True(killed.ExitCode == Killed, $"{point}: {killed.Everything}");
        Assert.True(next.ExitCode is 0 or 2, $"{point}: {next.Everything}");
        Assert.True(left == HandMade.Config || left == done, $"{point}: {left}");
        Assert.Contains("backrest_sidecar_app", done, StringComparison.Ordinal);
        Assert.NotEmpty(docker.Recorded("restart "));
        Assert.Equal(2, (await ReconcileAsync()).ExitCode);
        Assert.Equal([".config.json.backup-sidecar-prefix-backrest_sidecar_", "config.json"], Directory.EnumerateFileSystemEntries(program.Path("backrest")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        Task<Ended> ReconcileAsync() => program.RunAsync("backrest", "reconcile", "--apply", "--config", config);
    }
}
