using System.Text.RegularExpressions;

namespace BackupSidecar.Docker;

/// <summary>Finds the id of the container that this program runs in, from what the kernel says about its mounts and groups.</summary>
internal static partial class OwnContainer
{
    /// <summary>The engine binds these from its own folder for the container, so their source names the container.</summary>
    private static readonly string[] FilesOfTheEngine = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

    /// <summary>The id (64 hex digits), or null outside a container.</summary>
    public static string? FindId() =>
        FromMountInfo(ReadIfThere("/proc/self/mountinfo")) ?? FromCgroup(ReadIfThere("/proc/self/cgroup"));

    /// <summary>
    /// Reads the form of /proc/self/mountinfo. Only the mounts that every container gets are looked at: on the host itself the
    /// same file lists the mounts of all running containers.
    /// </summary>
    public static string? FromMountInfo(string mountInfo) =>
        mountInfo.Split('\n')
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4 && FilesOfTheEngine.Contains(fields[4]))
            .Select(fields => ContainerFolder().Match(fields[3]))
            .FirstOrDefault(match => match.Success)?.Groups["id"].Value;

    /// <summary>Reads the form of /proc/self/cgroup, which names the container under version 1 only.</summary>
    public static string? FromCgroup(string cgroup) =>
        cgroup.Split('\n')
            .Select(line => ContainerGroup().Match(line))
            .FirstOrDefault(match => match.Success)?.Groups["id"].Value;

    private static string ReadIfThere(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    [GeneratedRegex("/containers/(?<id>[0-9a-f]{64})/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContainerFolder();

    [GeneratedRegex(@"/(docker-)?(?<id>[0-9a-f]{64})(\.scope)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContainerGroup();
}
