using BackupSidecar.Docker;

namespace BackupSidecar.Backrest.Plans;

/// <summary>How volumes are seen by Backrest, and which mounts count.</summary>
internal sealed record HostPathOptions
{
    public const string DefaultDockerRoot = "/var/lib/docker";
    public const string DefaultVolumePrefix = DefaultDockerRoot + "/volumes";

    /// <summary>The engine's own folder on its host.</summary>
    public string DockerRoot { get; init; } = DefaultDockerRoot;

    /// <summary>Where Backrest sees the folder of the volumes.</summary>
    public string VolumePrefix { get; init; } = DefaultVolumePrefix;

    public bool ExcludeBindMounts { get; init; }
}

/// <summary>
/// From the paths of a container to those of its host, which are those that Backrest backs up. Of nested mounts the innermost
/// decides, as it does in the container.
/// </summary>
internal sealed class HostPaths(IReadOnlyList<ContainerMount> mounts, HostPathOptions options)
{
    private const int AnonymousNameLength = 64;
    private const string Data = "_data";

    /// <summary>What the engine, the host's clock and other programs put into containers: no data of theirs.</summary>
    private static readonly string[] SystemFolders = ["/proc", "/sys", "/dev", "/run", "/var/run"];

    private static readonly string[] SystemFiles =
        ["/", "/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group"];

    private static readonly char[] PatternCharacters = ['*', '?', '[', '\\'];

    /// <summary>The places of all mounts that hold data; and, left out, those that could hold some under a name that does not last.</summary>
    public (IReadOnlyList<string> Paths, IReadOnlyList<string> LeftOut) Derive()
    {
        var paths = new List<string>();
        var leftOut = new List<string>();
        foreach (var mount in mounts)
        {
            if (mount.Type == MountType.Bind && (options.ExcludeBindMounts || IsOfTheSystem(Clean(mount.Source ?? "/"))))
                continue;
            if (IsAnonymous(mount))
                leftOut.Add(mount.Destination);
            else if (HostPathOf(mount) is { } path)
                paths.Add(path);
        }
        return (paths, leftOut);
    }

    /// <summary>The host's path for one that the container sees; a path on no mount stays as it is. Null if it lies in memory only.</summary>
    /// <param name="path">Absolute, without "." and "..".</param>
    public string? Map(string path)
    {
        if (MountOf(path) is not { } mount)
            return path;
        return HostPathOf(mount) is { } root ? Join(root, path[Clean(mount.Destination).TrimEnd('/').Length..]) : null;
    }

    /// <summary>The places of what is mounted below a path: the container sees it there, and on the host it lies elsewhere.</summary>
    /// <param name="path">Absolute, without "." and "..".</param>
    public IEnumerable<string> MountedBelow(string path) => mounts
        .Where(mount => Clean(mount.Destination) != path && IsWithin(Clean(mount.Destination), path))
        .Where(mount => !IsAnonymous(mount) && !(mount.Type == MountType.Bind && IsOfTheSystem(Clean(mount.Source ?? "/"))))
        .Select(HostPathOf)
        .OfType<string>();

    /// <summary>The host's pattern for one that the container sees: what of it lies on the host's side is taken literally. Patterns that are not absolute stay as they are.</summary>
    public string MapPattern(string pattern)
    {
        if (!pattern.StartsWith('/') || MountOf(pattern) is not { } mount || HostPathOf(mount) is not { } root)
            return pattern;
        var literal = string.Concat(root.Select(character => PatternCharacters.Contains(character) ? $@"\{character}" : character.ToString()));
        return Join(literal, pattern[Clean(mount.Destination).TrimEnd('/').Length..]);
    }

    /// <summary>Without "." and "..", double slashes and a slash at the end.</summary>
    public static string Clean(string path) => path.StartsWith('/') ? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)) : path;

    private ContainerMount? MountOf(string path) => mounts
        .Where(mount => mount.Destination.Length > 0 && IsWithin(path, Clean(mount.Destination)))
        .MaxBy(mount => Clean(mount.Destination).Length);

    private string? HostPathOf(ContainerMount mount) => mount.Type switch
    {
        MountType.Bind => string.IsNullOrEmpty(mount.Source) ? null : Clean(mount.Source),
        MountType.Volume => VolumePath(mount),
        _ => null,
    };

    /// <summary>The engine knows best where a volume lies. Where Backrest sees the volumes elsewhere, the name leads there.</summary>
    private string? VolumePath(ContainerMount mount)
    {
        var volumes = Clean(options.DockerRoot).TrimEnd('/') + "/volumes";
        var prefix = Clean(options.VolumePrefix);
        var source = string.IsNullOrEmpty(mount.Source) ? mount.Name is null ? null : $"{volumes}/{mount.Name}/{Data}" : Clean(mount.Source);
        if (source is null)
            return null;
        if (IsWithin(source, volumes))
            return Join(prefix, source[volumes.Length..]);
        return prefix != HostPathOptions.DefaultVolumePrefix && mount.Name is not null && source.EndsWith($"/volumes/{mount.Name}/{Data}", StringComparison.Ordinal)
            ? $"{prefix.TrimEnd('/')}/{mount.Name}/{Data}"
            : source;
    }

    /// <summary>A new container, after an update perhaps, gets another such volume, and a plan would lose sight of it.</summary>
    private static bool IsAnonymous(ContainerMount mount) =>
        mount is { Type: MountType.Volume, Name.Length: AnonymousNameLength } && mount.Name.All(char.IsAsciiHexDigit);

    private bool IsOfTheSystem(string source) =>
        SystemFiles.Contains(source)
        || source.EndsWith(".sock", StringComparison.Ordinal)
        || source == Clean(options.DockerRoot)
        || SystemFolders.Any(folder => IsWithin(source, folder));

    private static bool IsWithin(string path, string folder) =>
        folder == "/" || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Join(string root, string rest) => rest.Length == 0 ? root : $"{root.TrimEnd('/')}/{rest.TrimStart('/')}";
}
