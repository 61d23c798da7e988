namespace BackupSidecar.Databases.Redis;

/// <summary>Where a server reads its data from when it starts.</summary>
internal sealed record RedisFiles
{
    public required string Directory { get; init; }

    /// <summary>The snapshot, or the append-only file of servers before 7.0; for later ones with an append-only file, its manifest.</summary>
    public required string Name { get; init; }

    /// <summary>Whether <see cref="Name"/> is a manifest, which names the files that count.</summary>
    public bool IsManifest { get; init; }

    /// <summary>Whether what the server holds is on disk at any time. Without an append-only file it is only if it was told to write it down.</summary>
    public bool AreKept { get; init; }

    public string Path => $"{Directory}/{Name}";

    public static async Task<RedisFiles> AskAsync(RedisConnection connection, CancellationToken cancellation)
    {
        var directory = (await connection.SettingsAsync("dir", cancellation))["dir"].TrimEnd('/');
        var snapshot = (await connection.SettingsAsync("dbfilename", cancellation))["dbfilename"];
        var append = await connection.SettingsAsync("append*", cancellation);
        if (append.GetValueOrDefault("appendonly") != "yes")
        {
            return new RedisFiles { Directory = directory, Name = snapshot };
        }
        var file = append.GetValueOrDefault("appendfilename") is { Length: > 0 } name
            ? name
            : (await connection.SettingsAsync("appendfilename", cancellation))["appendfilename"];
        return append.GetValueOrDefault("appenddirname") is { Length: > 0 } folder
            ? new RedisFiles { Directory = $"{directory}/{folder}", Name = file + ".manifest", IsManifest = true, AreKept = true }
            : new RedisFiles { Directory = directory, Name = file, AreKept = true };
    }
}

/// <summary>Who owns the server's files, and their mode: those that a new one gets.</summary>
internal sealed record FileOwner(int User, int Group, UnixFileMode Mode);

/// <summary>A server's container, looked at while the server still answers.</summary>
internal sealed record RedisContainer(ContainerPlace Place, RedisFiles Files, FileOwner Owner)
{
    // The file system that the folder lies on; then owner, group and mode of the file, or those of the folder for a file to come.
    private const string Look =
        "stat -f -c %T \"$1\"; stat -c '%u %g %a' \"$0\" || stat -c '%u %g 600' \"$1\"";

    /// <exception cref="DatabaseException">A restore is not possible there; the message says why.</exception>
    public static async Task<RedisContainer> LookAtAsync(ContainerPlace place, RedisConnection connection, CancellationToken cancellation)
    {
        if ((await connection.InfoAsync(cancellation)).IsReplica)
            throw new DatabaseException("it is a replica and takes its data from its master: restore into that one.");
        var files = await RedisFiles.AskAsync(connection, cancellation);
        var details = await place.Engine.InspectAsync(place.ContainerId, cancellation)
            ?? throw new DatabaseException($"container {place.ContainerName} is gone.");
        if (details.HostConfig?.AutoRemove == true)
        {
            throw new DatabaseException(
                $"container {place.ContainerName} was made with --rm and would be gone once it is stopped for the restore: make it without --rm.");
        }
        if (details.LabelKeys.Any(key => key.StartsWith("com.docker.swarm.", StringComparison.Ordinal)))
        {
            throw new DatabaseException(
                $"container {place.ContainerName} is a task of a Swarm service, which would replace it once it is stopped for the restore: "
                + "restore by hand, as RESTORE.txt says.");
        }

        var (result, output) = await place.RunAsync(new("sh", "-c", Look, files.Path, files.Directory), cancellation);
        var lines = output.Split('\n');
        if (!result.Succeeded || lines.Length < 2 || lines[1].Split(' ') is not [var user, var group, var mode])
        {
            throw new DatabaseException(
                $"its data directory {files.Directory} cannot be looked at in container {place.ContainerName}: {result.LastWords}");
        }
        if (lines[0].Trim() == "tmpfs")
        {
            throw new DatabaseException(
                $"its data directory {files.Directory} is in memory (tmpfs) and would be empty after the stop that a restore needs.");
        }
        return new RedisContainer(
            place, files, new FileOwner(int.Parse(user), int.Parse(group), (UnixFileMode)Convert.ToInt32(mode.Trim(), 8)));
    }
}
