using BackupSidecar.Docker;
using BackupSidecar.Processes;

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
    private const string Data = "_data";

    /// <summary>What the kernel, the host's clock and other programs put into containers: no data of theirs, and nobody looks for it in a backup.</summary>
    private static readonly string[] KernelFolders = ["/proc", "/sys", "/dev"];

    private static readonly string[] SystemFiles =
        ["/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group"];

    private static readonly string[] RuntimeFolders = ["/run", "/var/run"];

    private static readonly char[] PatternCharacters = ['*', '?', '[', '\\'];

    /// <summary>The places of all mounts that hold data under a name that lasts.</summary>
    public IEnumerable<string> Derive() => mounts
        .Where(mount => IsData(mount) && !IsExcluded(mount))
        .Select(HostPathOf)
        .OfType<string>();

    /// <summary>
    /// What could hold data and is not in the backup unless somebody names it, as the container sees it: volumes without a name, and
    /// folders of the host that look like the system's own.
    /// </summary>
    /// <param name="named">The paths that are backed up, without "." and ".."; if there are none, all mounts are meant.</param>
    public (IReadOnlyList<string> Unnamed, IReadOnlyList<string> OfTheSystem) LeftOut(IReadOnlyList<string> named)
    {
        var meant = mounts.Where(mount => named.Count == 0 ? !IsExcluded(mount) : IsBelowThese(Clean(mount.Destination))).ToList();
        return (
            [.. meant.Where(mount => mount.IsAnonymous).Select(mount => mount.Destination)],
            [.. meant.Where(mount => mount.Type == MountType.Bind && !IsData(mount) && MayBeData(SourceOf(mount))).Select(mount => mount.Destination)]);

        bool IsBelowThese(string destination) => !named.Contains(destination) && named.Any(path => Containment.IsBelow(destination, path));
    }

    /// <summary>Whether a path lies on something that is mounted into the container, and not in the container itself.</summary>
    /// <param name="path">Absolute, without "." and "..".</param>
    public bool IsMounted(string path) => MountOf(path) is not null;

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
        .Where(mount => Clean(mount.Destination) != path && Containment.IsWithin(Clean(mount.Destination), path))
        .Where(IsData)
        .Select(HostPathOf)
        .OfType<string>();

    /// <summary>
    /// The host's pattern for one that the container sees: what of it lies on the host's side is taken literally. Patterns that are not
    /// absolute stay as they are; a "!", which takes back what others leave out, stands before either.
    /// </summary>
    public string MapPattern(string pattern)
    {
        if (pattern.StartsWith('!'))
            return "!" + MapPattern(pattern[1..]);
        if (pattern.StartsWith('/') && pattern.Split('/').Contains(".."))
            pattern = Clean(pattern);
        if (!pattern.StartsWith('/') || MountOf(pattern) is not { } mount || HostPathOf(mount) is not { } root)
            return pattern;
        var literal = string.Concat(root.Select(character => PatternCharacters.Contains(character) ? $@"\{character}" : character.ToString()));
        return Join(literal, pattern[Clean(mount.Destination).TrimEnd('/').Length..]);
    }

    /// <summary>Without "." and "..", double slashes and a slash at the end.</summary>
    public static string Clean(string path) => path.StartsWith('/') ? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)) : path;

    private ContainerMount? MountOf(string path) => mounts
        .Where(mount => mount.Destination.Length > 0 && Containment.IsWithin(path, Clean(mount.Destination)))
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
        if (Containment.IsWithin(source, volumes))
            return Join(prefix, source[volumes.Length..]);
        return prefix != HostPathOptions.DefaultVolumePrefix && mount.Name is not null && source.EndsWith($"/volumes/{mount.Name}/{Data}", StringComparison.Ordinal)
            ? $"{prefix.TrimEnd('/')}/{mount.Name}/{Data}"
            : source;
    }

    private bool IsExcluded(ContainerMount mount) => options.ExcludeBindMounts && mount.Type == MountType.Bind;

    /// <summary>A new container, after an update perhaps, gets another volume without a name, and a plan would lose sight of it.</summary>
    private bool IsData(ContainerMount mount) => mount.Type == MountType.Bind
        ? !IsNoData(SourceOf(mount)) && !MayBeData(SourceOf(mount))
        : !mount.IsAnonymous;

    private static bool IsNoData(string source) =>
        SystemFiles.Contains(source)
        || source.EndsWith(".sock", StringComparison.Ordinal)
        || KernelFolders.Any(folder => Containment.IsWithin(source, folder));

    /// <summary>Whether a folder is mostly the system's or the engine's, and may be somebody's all the same.</summary>
    private bool MayBeData(string source) =>
        !IsNoData(source)
        && (source == "/" || source == Clean(options.DockerRoot) || RuntimeFolders.Any(folder => Containment.IsWithin(source, folder)));

    private static string SourceOf(ContainerMount mount) => Clean(mount.Source ?? "/");

    private static string Join(string root, string rest) => rest.Length == 0 ? root : $"{root.TrimEnd('/')}/{rest.TrimStart('/')}";
}
