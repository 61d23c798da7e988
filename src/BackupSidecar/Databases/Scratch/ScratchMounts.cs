using BackupSidecar.Docker;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.Scratch;

/// <summary>
/// What a scratch server sees of its running server's mounts: configuration, read-only. Its data is never among it: in the places of
/// volumes stand new ones, which go with the container. Scripts that would run at the first start, and secrets, stay away.
/// </summary>
/// <param name="Mounts">What is mounted.</param>
/// <param name="LeftOut">The places of what is not, with the reason.</param>
internal sealed record ScratchMounts(IReadOnlyList<NewMount> Mounts, IReadOnlyList<string> LeftOut)
{
    private const string InitScripts = "/docker-entrypoint-initdb.d";
    private const string Secrets = "/run/secrets";

    private static readonly string[] ConfigurationEndings = [".conf", ".cnf", ".ini", ".cfg", ".acl", ".yml", ".yaml"];

    /// <summary>What a command may name and be a file: a folder of data can be called anything else.</summary>
    private static readonly string[] FileEndings = [.. ConfigurationEndings, ".sh", ".pem", ".crt", ".key", ".lua", ".js", ".json", ".properties"];

    /// <param name="kind">The engine.</param>
    /// <param name="running">The running container's mounts.</param>
    /// <param name="volumes">The folders for which the image wants a volume.</param>
    /// <param name="variables">The scratch server's variables: PGDATA is a place of data.</param>
    /// <param name="command">Entrypoint and command: what they name is needed.</param>
    /// <param name="labels">Of the new volumes.</param>
    public static ScratchMounts Of(
        ScratchKind kind, IReadOnlyList<ContainerMount> running, IEnumerable<string> volumes, IReadOnlyDictionary<string, string> variables,
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string> labels)
    {
        var data = variables.TryGetValue("PGDATA", out var folder) ? [Trim(folder)] : kind.DataFolders;
        var leftOut = new List<string>();
        var mounts = volumes.ToDictionary(Trim, volume => Empty(Trim(volume), labels));
        foreach (var mount in running.Where(mount => mount.Type is MountType.Volume or MountType.Bind).OrderBy(mount => mount.Destination, StringComparer.Ordinal))
        {
            var place = Trim(mount.Destination);
            var isNamedFile = FileEndings.Contains(Path.GetExtension(place)) && command.Any(word => word.Contains(place, StringComparison.Ordinal));
            if (WhyNot(mount, place, data, isNamedFile) is { } reason)
                leftOut.Add($"{place} ({reason})");
            else
                mounts[place] = IsConfiguration(mount, place, data, isNamedFile) ? ReadOnly(mount, place) : Empty(place, labels);
        }
        return new ScratchMounts([.. mounts.Values], leftOut);
    }

    private static string? WhyNot(ContainerMount mount, string place, IReadOnlyList<string> data, bool isNamedFile)
    {
        if (place.EndsWith(".sock", StringComparison.Ordinal) || mount.Source?.EndsWith(".sock", StringComparison.Ordinal) == true)
            return "a socket of somebody else";
        if (Containment.IsWithin(place, InitScripts))
            return "it would run at the first start";
        if (isNamedFile)
            return null;
        if (Containment.IsWithin(place, Secrets))
            return "a secret that its command does not name";
        var isFile = mount.Type == MountType.Bind && Path.HasExtension(place);
        if (data.Any(folder => Containment.IsBelow(place, folder)) && (isFile || !mount.IsWritable))
            return "it lies among the data";
        return isFile && !IsConfiguration(mount, place, data, isNamedFile) ? "a file that the server may write to" : null;
    }

    /// <summary>A folder that the server may write to holds data, whatever it is called, unless it lies where configuration does.</summary>
    private static bool IsConfiguration(ContainerMount mount, string place, IReadOnlyList<string> data, bool isNamedFile)
    {
        if (data.Any(folder => Containment.IsWithin(folder, place)))
            return false;
        if (!mount.IsWritable)
            return true;
        return mount.Type == MountType.Bind && (isNamedFile || Containment.IsBelow(place, "/etc") || ConfigurationEndings.Contains(Path.GetExtension(place)));
    }

    private static NewMount Empty(string place, IReadOnlyDictionary<string, string> labels) =>
        new() { Type = MountType.Volume, Target = place, VolumeOptions = new NewVolume(labels) };

    private static NewMount ReadOnly(ContainerMount mount, string place) => new()
    {
        Type = mount.Type!, // Only volumes and binds come here.
        Source = mount.Type == MountType.Volume ? mount.Name : mount.Source,
        Target = place,
        ReadOnly = true,
    };

    private static string Trim(string place) => place.Length > 1 ? place.TrimEnd('/') : place;
}
