using BackupSidecar.Configuration;

namespace BackupSidecar.Databases.Scratch;

/// <summary>
/// What must be known of an engine's images to make a scratch server of one: which variables it is made from, where its data
/// lies, and how it is reached. What is not named here does not reach the scratch server.
/// </summary>
internal sealed record ScratchKind
{
    /// <summary>Variables of the running container that are kept; those that end with '*' stand for all that begin so.</summary>
    public required IReadOnlyList<string> Keeps { get; init; }

    /// <summary>Variables that get the scratch server's own password.</summary>
    public IReadOnlyList<string> Passwords { get; init; } = [];

    /// <summary>Variables that get a value of ours.</summary>
    public IReadOnlyDictionary<string, string> Sets { get; init; } = new Dictionary<string, string>();

    /// <summary>Where its data lies: nothing of the running server is mounted at or below these.</summary>
    public required IReadOnlyList<string> DataFolders { get; init; }

    /// <summary>Options of its command that are left out, each with the number of its values: passwords, and what binds it to other servers.</summary>
    public IReadOnlyDictionary<string, int> LeavesOut { get; init; } = new Dictionary<string, int>();

    /// <summary>The ways in that are tried, from the URI of the running server, the variables and the password of the scratch one.</summary>
    public required Func<ScratchAddress, IReadOnlyList<Secret>> Uris { get; init; }

    /// <summary>What is done once before the first restore. It may be tried more than once, until the server is ready for it.</summary>
    public Func<ScratchAddress, ToolPlaces, CancellationToken, Task> PrepareAsync { get; init; } = (_, _, _) => Task.CompletedTask;
}

/// <summary>From what a scratch server's URI is made. <paramref name="Running"/>: the URI of the server that it stands in for.</summary>
internal sealed record ScratchAddress(Secret Running, IReadOnlyDictionary<string, string> Environment, string Host, string Password);
