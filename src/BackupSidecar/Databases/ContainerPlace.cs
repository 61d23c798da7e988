using BackupSidecar.Docker;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases;

/// <summary>Tools that run inside the database's own container, through the Docker engine.</summary>
/// <param name="engine">The engine.</param>
/// <param name="id">The container.</param>
/// <param name="name">Its name, for people.</param>
internal sealed class ContainerPlace(DockerEngine engine, string id, string name) : IToolPlace
{
    public string Via => $"exec in container {name}";

    /// <summary>The engine that the container belongs to.</summary>
    public DockerEngine Engine => engine;

    /// <summary>The container.</summary>
    public string ContainerId => id;

    /// <summary>The container, for people.</summary>
    public string ContainerName => name;

    /// <summary>Inside its container a server is reached by the loopback interface, whatever the network calls it.</summary>
    public string HostFor(string host) => "127.0.0.1";

    public async Task<IRunningTool> StartAsync(Command command, CancellationToken cancellation)
    {
        var program = new ExecRequest
        {
            // The shell says its process id, which is then the tool's: without it nobody could end the tool.
            Cmd = ["sh", "-c", "echo \"$$\" >&2; exec \"$@\"", "sh", command.Program, .. command.Arguments],
            Env = [.. command.Environment.Select(variable => $"{variable.Key}={variable.Value}"), "LC_ALL=C"],
        };
        try
        {
            return await ContainerTool.StartAsync(engine, id, program, command.EndsWithUs, cancellation);
        }
        catch (DockerException error)
        {
            throw new DatabaseException($"{command.Program} cannot be run in container {name}: {error.Message}", error);
        }
    }
}
