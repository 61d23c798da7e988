namespace BackupSidecar.Configuration.Backrest;

/// <summary>What the operator mounts into the container that makes a backup, and whether a repository in a folder outlives it there.</summary>
internal static class OnceVolumes
{
    /// <summary>Where the container finds the engine.</summary>
    public const string Socket = "/tmp/docker.sock";

    /// <summary>Where the container finds the engine's folder.</summary>
    public const string DockerRoot = "/var/lib/docker";

    private const string Repository = "RESTIC_REPOSITORY=";
    private const string LocalScheme = "local:";
    private const string ReadOnly = "ro";

    /// <summary>The beginnings of addresses that restic knows; all else is a folder.</summary>
    private static readonly string[] RemoteSchemes = ["sftp:", "rest:", "s3:", "b2:", "azure:", "gs:", "swift:", "rclone:"];

    private static readonly string[] Options = [ReadOnly, "rw", "z", "Z", "nocopy"];

    /// <summary>What is wrong with a volume, or null.</summary>
    public static string? Fault(string volume)
    {
        if (volume.Split(':') is not ([{ Length: > 0 }, { Length: > 0 }] or [{ Length: > 0 }, { Length: > 0 }, _]) || volume.Any(char.IsControl))
            return "it is not of the form SOURCE:PATH.";
        var parts = volume.Split(':');
        var target = PathOf(volume);
        if (parts[0].Contains('/', StringComparison.Ordinal) && !parts[0].StartsWith('/'))
            return "its first part is neither an absolute path of the host nor the name of a volume.";
        if (!parts[1].StartsWith('/') || target == "/")
            return "its second part is not an absolute path in the container.";
        if (Holds(target, Socket) || Holds(target, DockerRoot) || Holds(DockerRoot, target))
            return $"{Socket} and {DockerRoot} are taken in the container.";
        return parts.Length == 3 && parts[2].Split(',').Any(option => !Options.Contains(option)) ? $"behind its path only {string.Join(", ", Options)} may stand." : null;
    }

    /// <summary>Whether restic would write to a folder of the container itself, which goes away with all that is in it.</summary>
    /// <param name="environment">NAME=value, as restic gets them.</param>
    /// <param name="volumes">Those without a fault.</param>
    public static bool LosesRepository(IEnumerable<string> environment, IReadOnlyList<string> volumes)
    {
        if (environment.LastOrDefault(variable => variable.StartsWith(Repository, StringComparison.Ordinal))?[Repository.Length..] is not { Length: > 0 } repository
            || Array.Exists(RemoteSchemes, scheme => repository.StartsWith(scheme, StringComparison.Ordinal)))
            return false;
        var folder = repository.StartsWith(LocalScheme, StringComparison.Ordinal) ? repository[LocalScheme.Length..] : repository;
        return !folder.StartsWith('/') || !volumes.Any(volume => !IsReadOnly(volume) && Holds(PathOf(volume), Clean(folder)));
    }

    private static bool IsReadOnly(string volume) => volume.Split(':') is [_, _, var options] && options.Split(',').Contains(ReadOnly);

    private static string PathOf(string volume) => Clean(volume.Split(':')[1]);

    private static string Clean(string path) => path.StartsWith('/') ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) : path;

    private static bool Holds(string folder, string path) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
}
