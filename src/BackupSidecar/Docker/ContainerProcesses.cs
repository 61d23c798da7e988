using System.Globalization;

namespace BackupSidecar.Docker;

/// <summary>A process of a container, with the numbers that the engine's host gives to it and to its parent.</summary>
internal sealed record ContainerProcess(int Id, int Parent, string Command);

/// <summary>What runs in a container. What has ended and waits for its parent to notice does not count.</summary>
internal static class ContainerProcesses
{
    private const string Columns = "-eo pid,ppid,stat,comm";
    private const char Ended = 'Z';
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <exception cref="DockerException">The container does not run, or the engine cannot be asked.</exception>
    public static async Task<IReadOnlyList<ContainerProcess>> ListAsync(DockerEngine engine, string id, CancellationToken cancellation)
    {
        var attempt = $"listing the processes of container {id}";
        var path = $"/containers/{Uri.EscapeDataString(id)}/top?ps_args={Uri.EscapeDataString(Columns)}";
        var answer = await engine.SendAsync(HttpMethod.Get, path, attempt, Limit, cancellation);
        engine.ThrowIfRefused(answer, attempt);
        var table = engine.Read(answer, DockerJson.Default.ProcessTable, attempt);
        return [.. (table.Processes ?? []).Select(Parse).OfType<ContainerProcess>()];
    }

    private static ContainerProcess? Parse(IReadOnlyList<string> row) =>
        row.Count >= 4
        && !row[2].StartsWith(Ended)
        && int.TryParse(row[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && int.TryParse(row[1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent)
            ? new ContainerProcess(id, parent, row[3])
            : null;
}

/// <summary>What ps says, by rows.</summary>
internal sealed record ProcessTable
{
    public IReadOnlyList<IReadOnlyList<string>>? Processes { get; init; }
}
