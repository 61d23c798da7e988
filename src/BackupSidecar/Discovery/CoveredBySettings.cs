using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Docker;
using BackupSidecar.Processes;

namespace BackupSidecar.Discovery;

/// <summary>Finds what settings have backed up: the hosts of their databases, and the volumes of which the sidecar reads a part.</summary>
internal static class CoveredBySettings
{
    public static Covered Of(SourceSettings sources, IReadOnlyList<ContainerMount> ownMounts)
    {
        string[] hosts =
        [
            .. sources.Postgres.SelectMany(entry => PostgresUri.TryParse(entry.Uri.Reveal(), out var uri, out _) ? uri.Hosts.Select(server => server.Host) : []),
            .. sources.Mysql.Select(entry => MysqlUri.TryParse(entry.Uri.Reveal(), out var uri, out _) ? uri.Host : ""),
            .. sources.Mongodb.SelectMany(entry => MongodbUri.TryParse(entry.Uri.Reveal(), out var uri, out _) ? uri.Hosts.Select(server => server.Host) : []),
            .. sources.Redis.Select(entry => RedisUri.TryParse(entry.Uri.Reveal(), out var uri, out _) ? uri.Host : ""),
        ];
        var paths = sources.Directories.Concat(sources.Files).Concat(sources.Sqlite).Select(entry => entry.Path).ToList();
        var volumes = ownMounts
            .Where(mount => mount.Name is not null && paths.Exists(path => Containment.IsWithin(path, mount.Destination) || Containment.IsWithin(mount.Destination, path)))
            .Select(mount => mount.Name!); // Just asked for.
        return new Covered(hosts.Where(host => host.Length > 0).ToHashSet(StringComparer.OrdinalIgnoreCase), volumes.ToHashSet());
    }
}
