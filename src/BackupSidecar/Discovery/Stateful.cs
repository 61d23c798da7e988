using BackupSidecar.Docker;

namespace BackupSidecar.Discovery;

/// <summary>What others back up: hosts of databases that settings name, and volumes that the sidecar sees below a path that it backs up.</summary>
internal sealed record Covered(IReadOnlySet<string> Hosts, IReadOnlySet<string> Volumes);

/// <summary>Finds containers that keep something, by what they are made of: the image of a database, or a volume with a name.</summary>
internal static class Stateful
{
    private static readonly string[] Databases =
    [
        "postgres", "postgresql", "postgis", "timescaledb", "pgvector", "mysql", "mariadb", "percona", "mongo", "mongodb", "redis", "valkey", "keydb", "couchdb",
        "influxdb", "clickhouse", "cassandra", "neo4j", "elasticsearch", "opensearch", "mssql",
    ];

    /// <summary>What stands in the names of images that only speak to a database.</summary>
    private static readonly string[] Others = ["exporter", "express", "commander", "insight", "admin", "backup", "proxy", "bouncer", "sentinel", "client"];

    /// <summary>Why a container should be backed up and is not, as in "a volume (shop_data)"; null if it need not be, or is.</summary>
    public static string? WhyUnprotected(SurveyedContainer container, Covered covered)
    {
        if (!container.IsInScope || container.Container.IsOneOff || container.Standing is LabelStanding.BackedUp or LabelStanding.Replaced)
            return null;
        if (container.Container.Hosts.Any(covered.Hosts.Contains))
            return null;
        var volumes = NamedVolumes(container.Summary.Mounts).Where(volume => !covered.Volumes.Contains(volume)).ToList();
        var image = IsDatabase(container.Summary.Image);
        // Its files are read while it stands still, perhaps; that is its operator's way.
        if (image && volumes.Count == 0 && NamedVolumes(container.Summary.Mounts).Any())
            return null;
        var kept = volumes.Count == 0 ? null : $"{(volumes.Count == 1 ? "a volume" : "volumes")} ({string.Join(", ", volumes)})";
        return image ? $"the image of a database ({container.Summary.Image}){(kept is null ? "" : " and " + kept)}" : kept;
    }

    /// <summary>Volumes with names that somebody gave them.</summary>
    public static IEnumerable<string> NamedVolumes(IReadOnlyList<ContainerMount>? mounts) =>
        (mounts ?? []).Where(mount => mount is { Type: MountType.Volume, IsWritable: true, IsAnonymous: false }).Select(mount => mount.Name).OfType<string>().Distinct();

    private static bool IsDatabase(string? image)
    {
        var name = (image ?? "").Split('@')[0].Split('/')[^1].Split(':')[0].ToLowerInvariant();
        return Databases.Any(each => name.Split('-', '_', '.').Contains(each)) && !Others.Any(name.Contains);
    }
}
