using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;
using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Databases.Scratch;

/// <summary>The engines that a scratch server can be made of, by the variables of their official images and those that build on them.</summary>
internal static class ScratchKinds
{
    private static readonly string[] Locale = ["LANG", "LANGUAGE", "LC_*", "TZ"];

    /// <summary>Restored into by its superuser, who has the name that the running one has.</summary>
    public static ScratchKind Postgres { get; } = new()
    {
        Keeps = [.. Locale, "POSTGRES_USER", "POSTGRES_INITDB_ARGS", "POSTGRES_HOST_AUTH_METHOD", "PGDATA", "PGPORT", "PGTZ", "NO_TS_TUNE", "TS_TUNE_*"],
        Passwords = ["POSTGRES_PASSWORD"],
        // The databases themselves are made by the restore.
        Sets = new Dictionary<string, string> { ["POSTGRES_DB"] = "postgres" },
        DataFolders = ["/var/lib/postgresql"],
        Uris = address => [new Secret(
            $"postgresql://{Escape(address.Environment.GetValueOrDefault("POSTGRES_USER", "postgres"))}:{address.Password}@{address.Host}"
            + Port(PostgresUri.TryParse(address.Running.Reveal(), out var uri, out _) ? uri.Hosts[0].Port : "") + "/")],
    };

    /// <summary>Restored into by a user of ours, with the rights of root.</summary>
    public static ScratchKind Mysql { get; } = new()
    {
        Keeps = [.. Locale, "MYSQL_INITDB_SKIP_TZINFO", "MARIADB_INITDB_SKIP_TZINFO", "MARIADB_MYSQL_LOCALHOST_USER"],
        Passwords = ["MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD"],
        DataFolders = ["/var/lib/mysql"],
        Uris = address => [MysqlUriOf(address, MysqlScratch.User)],
        PrepareAsync = (address, places, cancellation) => MysqlScratch.PrepareAsync(MysqlUriOf(address, "root"), address.Password, places, cancellation),
    };

    /// <summary>Its configuration may want the running one's password; without one in its command it wants none.</summary>
    public static ScratchKind Redis { get; } = new()
    {
        Keeps = [.. Locale, "REDIS_ARGS", "VALKEY_EXTRA_FLAGS"],
        DataFolders = ["/data"],
        LeavesOut = new Dictionary<string, int>
        {
            ["--requirepass"] = 1,
            ["--masterauth"] = 1,
            ["--masteruser"] = 1,
            ["--primaryauth"] = 1,
            ["--primaryuser"] = 1,
            ["--replicaof"] = 2,
            ["--slaveof"] = 2,
        },
        Uris = address => RedisUri.TryParse(address.Running.Reveal(), out var uri, out _)
            ?
            [
                RedisUriOf(uri, address.Host, ""),
                RedisUriOf(uri, address.Host, $":{address.Password}@"),
                RedisUriOf(uri, address.Host, uri.Password is { } password ? $"{Escape(uri.User)}:{Escape(password.Reveal())}@" : ""),
            ]
            : [],
    };

    /// <summary>Without users: nobody else can reach it.</summary>
    public static ScratchKind Mongodb { get; } = new()
    {
        Keeps = Locale,
        DataFolders = ["/data/db", "/data/configdb"],
        LeavesOut = new Dictionary<string, int> { ["--replSet"] = 1, ["--keyFile"] = 1, ["--clusterAuthMode"] = 1, ["--auth"] = 0 },
        Uris = address => MongodbUri.TryParse(address.Running.Reveal(), out var uri, out _)
            ? [new Secret($"mongodb://{address.Host}{Port(uri.Hosts[0].Port)}/{Escape(uri.Database)}")]
            : [],
    };

    private static Secret MysqlUriOf(ScratchAddress address, string user) => MysqlUri.TryParse(address.Running.Reveal(), out var uri, out var problem)
        ? new Secret($"mysql://{user}:{address.Password}@{address.Host}{Port(uri.Port)}/{Escape(uri.Database)}")
        : throw new DatabaseException($"The URI cannot be used: {problem}");

    private static Secret RedisUriOf(RedisUri uri, string host, string credentials)
    {
        var files = string.Join('&', uri.TlsFiles.Select(file => $"{file.Key}={Escape(file.Value)}"));
        return new Secret($"{(uri.IsTls ? "rediss" : "redis")}://{credentials}{host}{Port(uri.Port)}{(files.Length > 0 ? "?" + files : "")}");
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static string Port(string port) => port.Length > 0 ? ":" + port : "";
}
