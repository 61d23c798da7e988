using System.Globalization;
using System.Text.RegularExpressions;

namespace BackupSidecar.Targets.Swapping;

/// <summary>The places where file systems are mounted: nothing can be moved across them, and they cannot be moved themselves.</summary>
internal sealed partial class MountTable
{
    private readonly IReadOnlyList<string> _mountPoints;

    private MountTable(IReadOnlyList<string> mountPoints) => _mountPoints = mountPoints;

    public static MountTable OfThisProcess() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>Reads the kernel's table: one mount per line, its place in the fifth field, special characters as octal escapes.</summary>
    public static MountTable Parse(string mountInfo) =>
        new([.. mountInfo.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length > 4).Select(fields => Unescape(fields[4]))]);

    public bool IsMountPoint(string path) => _mountPoints.Contains(path.TrimEnd('/'));

    public IReadOnlyList<string> Below(string directory) =>
        [.. _mountPoints.Where(point => point.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal)).Distinct()];

    private static string Unescape(string field) =>
        Octal().Replace(field, match => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\[0-3][0-7]{2}", RegexOptions.None, 1000)]
    private static partial Regex Octal();
}
