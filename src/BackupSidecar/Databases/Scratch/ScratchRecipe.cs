using BackupSidecar.Docker;

namespace BackupSidecar.Databases.Scratch;

/// <summary>What a scratch server may use of the host.</summary>
internal sealed record ScratchLimits(long Memory, int Cpus);

/// <summary>
/// How a scratch server is made after a running one: the same image, command, user, limits of processes and configuration;
/// no network, no data, no password of it.
/// </summary>
internal sealed record ScratchRecipe
{
    public required ContainerCreation Creation { get; init; }

    /// <summary>What it does not get of the running one, for people.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <param name="kind">The engine.</param>
    /// <param name="running">The server that it is like.</param>
    /// <param name="image">The image of that.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="labels">By which it is found again.</param>
    /// <param name="password">Its own.</param>
    public static ScratchRecipe Of(
        ScratchKind kind, ContainerDetails running, ImageDetails image, ScratchLimits limits, IReadOnlyDictionary<string, string> labels, string password)
    {
        var config = running.Config ?? new ContainerConfig();
        var host = running.HostConfig ?? new ContainerHostConfig();
        List<string> command = [.. config.Entrypoint ?? [], .. config.Cmd ?? []];
        var variables = ScratchEnvironment.Of(kind, config.Env ?? [], image.Config?.Env ?? [], command, password);
        var mounts = ScratchMounts.Of(kind, running.Mounts ?? [], image.Config?.Volumes?.Keys ?? [], variables, command, labels);
        return new ScratchRecipe
        {
            Environment = variables,
            LeftOut = mounts.LeftOut,
            Creation = new ContainerCreation
            {
                Image = image.Id,
                Entrypoint = config.Entrypoint,
                Cmd = config.Cmd is null ? null : ScratchCommand.Without(kind.LeavesOut, config.Cmd),
                Env = [.. variables.Select(variable => $"{variable.Key}={variable.Value}")],
                User = config.User,
                WorkingDir = config.WorkingDir,
                Labels = labels,
                HostConfig = new ContainerCreationHost
                {
                    Memory = limits.Memory,
                    NanoCpus = limits.Cpus * 1_000_000_000L,
                    ShmSize = host.ShmSize,
                    Ulimits = host.Ulimits,
                    ReadonlyRootfs = host.ReadonlyRootfs,
                    // Data in memory would be lost by the stop that a restore of Redis needs.
                    Tmpfs = host.Tmpfs?.Where(each => !kind.DataFolders.Contains(each.Key)).ToDictionary(),
                    Mounts = mounts.Mounts,
                },
            },
        };
    }
}
