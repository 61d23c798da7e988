using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Processes;

/// <summary>
/// The places where file systems are mounted: nothing can be moved across them, they cannot be moved themselves, and one
/// directory can be seen in several of them.
/// </summary>
internal sealed partial class MountTable
{
    private readonly IReadOnlyList<Mount> _mounts;

    private MountTable(IReadOnlyList<Mount> mounts) => _mounts = mounts;

    public static MountTable OfThisProcess() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>
    /// Reads the kernel's table: one mount per line; its device, the directory of that device that is mounted, and its place in
    /// the fields from the third on, special characters as octal escapes.
    /// </summary>
    public static MountTable Parse(string mountInfo) =>
        new([.. mountInfo.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length > 4)
            .Select(fields => new Mount(fields[2], Unescape(fields[3]), Unescape(fields[4]), fields.SkipWhile(field => field != "-").ElementAtOrDefault(1)))]);

    public bool IsMountPoint(string path) => _mounts.Any(mount => mount.Point == path.TrimEnd('/'));

    public IReadOnlyList<string> Below(string directory) =>
        [.. _mounts.Select(mount => mount.Point).Where(point => Containment.IsBelow(point, directory)).Distinct()];

    /// <summary>Whether a path lies in the writable layer of a container, on no volume: it goes when the container is removed.</summary>
    public bool GoesWithTheContainer(string path) => MountOf(path) is { Point: "/", FileSystem: "overlay" };

    /// <summary>
    /// All names of a path, its own among them: where <c>/proj</c> and <c>/proj/backups</c> are mounted side by side, the latter
    /// can be seen in the former. Both the path and the names are free of symbolic links.
    /// </summary>
    public IReadOnlyList<string> NamesOf(string path)
    {
        if (MountOf(path) is not { } home)
            return [path];
        var inside = Join(home.Root, Relative(path, home.Point));
        return [.. _mounts
            .Where(mount => mount.Device == home.Device && Containment.IsWithin(inside, mount.Root))
            .Select(mount => (Mount: mount, Name: Join(mount.Point, Relative(inside, mount.Root))))
            // What another mount covers cannot be seen.
            .Where(found => MountOf(found.Name) == found.Mount)
            .Select(found => found.Name).Append(path).Distinct()];
    }

    // Of several mounts at one place the last one is seen.
    private Mount? MountOf(string path) => _mounts.Where(mount => Containment.IsWithin(path, mount.Point)).OrderBy(mount => mount.Point.Length).LastOrDefault();

    private static string Relative(string path, string folder) => path.Length > folder.Length ? path[folder.Length..].TrimStart('/') : "";

    private static string Join(string folder, string rest) => rest.Length > 0 ? $"{folder.TrimEnd('/')}/{rest}" : folder;

    private static string Unescape(string field) =>
        Octal().Replace(field, match => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\[0-3][0-7]{2}", RegexOptions.None, 1000)]
    private static partial Regex Octal();

    private sealed record Mount(string Device, string Root, string Point, string? FileSystem);
}
