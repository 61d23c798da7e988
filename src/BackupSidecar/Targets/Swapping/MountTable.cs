using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Targets.Swapping;

/// <summary>The places where file systems are mounted: nothing can be moved across them, and they cannot be moved themselves.</summary>
internal sealed partial class MountTable
{
    private readonly IReadOnlyList<string> _mountPoints;
    private readonly bool _isRootALayer;

    private MountTable(IReadOnlyList<string> mountPoints, bool isRootALayer)
    {
        _mountPoints = mountPoints;
        _isRootALayer = isRootALayer;
    }

    public static MountTable OfThisProcess() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>Reads the kernel's table: one mount per line, its place in the fifth field, special characters as octal escapes.</summary>
    public static MountTable Parse(string mountInfo)
    {
        var mounts = mountInfo.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length > 4).ToList();
        return new MountTable(
            [.. mounts.Select(fields => Unescape(fields[4]))],
            mounts.Any(fields => fields[4] == "/" && fields.SkipWhile(field => field != "-").ElementAtOrDefault(1) == "overlay"));
    }

    /// <summary>Whether an absolute path lies in the writable layer of a container, on no volume: it goes when the container is removed.</summary>
    public bool GoesWithTheContainer(string path) =>
        _isRootALayer && !_mountPoints.Any(point => point != "/" && (path + "/").StartsWith(point.TrimEnd('/') + "/", StringComparison.Ordinal));

    public bool IsMountPoint(string path) => _mountPoints.Contains(path.TrimEnd('/'));

    public IReadOnlyList<string> Below(string directory) =>
        [.. _mountPoints.Where(point => point.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal)).Distinct()];

    private static string Unescape(string field) =>
        Octal().Replace(field, match => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\[0-3][0-7]{2}", RegexOptions.None, 1000)]
    private static partial Regex Octal();
}
