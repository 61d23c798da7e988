using BackupSidecar.IntegrationTests.Support;
using BackupSidecar.Processes;

namespace BackupSidecar.IntegrationTests.Services;

/// <summary>
/// A Compose project of its own name with containers that sleep, labelled as Compose labels them. Disposing removes them.
/// </summary>
internal sealed class StackOfSleepers : IAsyncDisposable
{
    private static readonly string[] Sleep = ["bash", "-c", "trap 'exit 0' TERM; sleep infinity & wait"];

    private readonly List<string> _names = [];

    public string Project { get; } = $"services-test-{Guid.NewGuid():N}";

    /// <summary>Starts a container of that service and returns its name.</summary>
    /// <param name="service">The service.</param>
    /// <param name="command">What runs in it.</param>
    public Task<string> UpAsync(string service, params string[] command) => MakeAsync(["run", "--detach"], service, command);

    /// <summary>Makes the container as docker does with that command and these options, and returns its name.</summary>
    public Task<string> MakeAsync(string[] how, string service) => MakeAsync(how, service, Sleep);

    /// <summary>The same with this command in it.</summary>
    public async Task<string> MakeAsync(string[] how, string service, string[] command)
    {
        var name = $"{Project}-{service}-1";
        await DockerCli.RunAsync(
        [
            .. how, "--name", name,
            "--label", $"com.docker.compose.project={Project}",
            "--label", $"com.docker.compose.service={service}",
            "--label", "com.docker.compose.container-number=1",
            "--label", "com.docker.compose.oneoff=False",
            "debian:bookworm-slim", .. command,
        ]);
        _names.Add(name);
        return name;
    }

    /// <summary>Sleeps, and ends at once when asked to.</summary>
    public Task<string> UpAsync(string service) => UpAsync(service, Sleep);

    public static async Task<bool> IsRunningAsync(string name) =>
        await DockerCli.RunAsync("inspect", "--format", "{{.State.Running}}", name) == "true";

    public static Task<string> StartedAtAsync(string name) => DockerCli.RunAsync("inspect", "--format", "{{.State.StartedAt}}", name);

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _names.Distinct())
            await RunningProcess.RunAsync(new Command("docker", "rm", "--force", "--volumes", name), CancellationToken.None);
    }
}
