using System.Globalization;
using BackupSidecar.Processes;

namespace BackupSidecar.Databases.Redis;

/// <summary>What a server says about itself (INFO).</summary>
internal sealed class RedisInfo(IReadOnlyDictionary<string, string> fields)
{
    /// <summary>"Redis 7.0.15" or "Valkey 8.0.1".</summary>
    public string Server => fields.GetValueOrDefault("valkey_version") is { } valkey
        ? $"Valkey {valkey}"
        : $"Redis {fields.GetValueOrDefault("redis_version", "of an unknown version")}";

    public bool IsReplica => fields.GetValueOrDefault("role") == "slave";

    /// <summary>What its data takes in memory; its snapshot takes less.</summary>
    public long? DatasetBytes => Number("used_memory_dataset");

    /// <summary>How many keys it found at its last start, in whatever file it then read; null where it does not say (before 7.0).</summary>
    public long? KeysFoundAtStart => Number("rdb_last_load_keys_loaded") is { } loaded ? loaded + (Number("rdb_last_load_keys_expired") ?? 0) : null;

    /// <summary>How many keys have run out, while it read its data and since; null where it does not say (before 7.0).</summary>
    public long? RanOut => Number("rdb_last_load_keys_expired") is { } atStart ? atStart + (Number("expired_keys") ?? 0) : null;

    /// <summary>Keys of each database: "db0" and so on, those that hold any and tell how many.</summary>
    public IReadOnlyDictionary<string, long> Keys => Databases
        .Select(each => (Name: each.Key, Keys: Parsed(each.Value["keys=".Length..].Split(',')[0])))
        .Where(each => each.Keys is not null)
        .ToDictionary(each => each.Name, each => each.Keys!.Value);

    /// <summary>Whether any database holds a key.</summary>
    public bool HasKeys => Databases.Any();

    private IEnumerable<KeyValuePair<string, string>> Databases =>
        fields.Where(each => each.Key.StartsWith("db", StringComparison.Ordinal) && each.Value.StartsWith("keys=", StringComparison.Ordinal));

    public static RedisInfo Parse(string text) => new(text.Split('\n')
        .Select(line => line.Trim().Split(':', 2))
        .Where(pair => pair.Length == 2)
        .DistinctBy(pair => pair[0])
        .ToDictionary(pair => pair[0], pair => pair[1]));

    private long? Number(string name) => Parsed(fields.GetValueOrDefault(name));

    private static long? Parsed(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>
/// The questions that are asked of a server. redis-cli ends well whatever the server answers, so an answer counts only if it is the
/// one that was expected; what else came is the reason why not.
/// </summary>
internal static class RedisQuestions
{
    /// <exception cref="DatabaseException">It does not answer, refuses user or password, or is not ready.</exception>
    public static async Task PingAsync(this RedisConnection connection, CancellationToken cancellation)
    {
        var (result, reply) = await connection.AskAsync(cancellation, "PING");
        // A server that wants no password answers PONG after it has refused one, and redis-cli then makes no dump of it.
        if (reply != "PONG" || result.LastWords.Contains("AUTH failed", StringComparison.Ordinal))
            throw Unusable(result, reply);
    }

    public static async Task<RedisInfo> InfoAsync(this RedisConnection connection, CancellationToken cancellation)
    {
        await connection.PingAsync(cancellation);
        var (result, reply) = await connection.AskAsync(cancellation, "INFO");
        return reply.Contains("redis_version:", StringComparison.Ordinal)
            ? RedisInfo.Parse(reply)
            : throw Unusable(result, reply);
    }

    /// <summary>Settings whose names begin so. The user may lack the right to ask for them.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> SettingsAsync(
        this RedisConnection connection, string pattern, CancellationToken cancellation)
    {
        var (result, output) = await connection.AskAsync(cancellation, "CONFIG", "GET", pattern);
        var lines = output.Split('\n');
        if (!result.Succeeded || output.Length == 0 || lines[0].Contains(' '))
            throw new DatabaseException($"{Said(result, output)}: it does not tell its settings (CONFIG GET {pattern}), which a restore needs to know");
        // A value that is empty stands in an empty line; that of the last one is trimmed away.
        return Enumerable.Range(0, (lines.Length + 1) / 2).ToDictionary(i => lines[2 * i], i => lines.ElementAtOrDefault(2 * i + 1) ?? "");
    }

    /// <summary>Whether the user may make a dump, as far as the server tells it without one.</summary>
    /// <exception cref="DatabaseException">He may not.</exception>
    public static async Task CheckDumpRightAsync(this RedisConnection connection, CancellationToken cancellation)
    {
        var (_, user) = await connection.AskAsync(cancellation, "ACL", "WHOAMI");
        if (user.Length == 0 || user.Contains(' '))
            return;
        // Before 7.0 there is no such question, and the user may lack the right to ask it: then only the dump itself can tell.
        var (_, verdict) = await connection.AskAsync(cancellation, "ACL", "DRYRUN", user, "SYNC");
        if (verdict.Contains("no permissions to run the 'sync'", StringComparison.Ordinal))
            throw new DatabaseException($"user {user} has no right to make a dump: {verdict}. Grant: ACL SETUSER {user} +sync +psync +replconf");
    }

    public static DatabaseException Unusable(ProcessResult result, string reply)
    {
        var said = Said(result, reply);
        var cause = said switch
        {
            _ when said.Contains("WRONGPASS", StringComparison.Ordinal) => "it refuses user or password",
            _ when said.Contains("without any password configured", StringComparison.Ordinal) => "it wants no password, but the URI has one",
            _ when said.Contains("NOAUTH", StringComparison.Ordinal) => "it wants a password, and the URI has none",
            _ when said.Contains("NOPERM", StringComparison.Ordinal) => "the user lacks a right",
            _ when said.Contains("LOADING", StringComparison.Ordinal) => "it is still loading its data",
            _ => "the server cannot be used",
        };
        return new DatabaseException($"{cause}: {said}");
    }

    /// <summary>What went wrong, without what redis-cli says of its ordinary work.</summary>
    public static string Said(ProcessResult result, string reply)
    {
        var words = result.LastWords.Split('\n')
            .Where(line => !line.StartsWith("sending REPLCONF", StringComparison.Ordinal) && !line.StartsWith("SYNC sent to master", StringComparison.Ordinal))
            .Append(reply)
            .Where(line => line.Trim().Length > 0)
            .Distinct();
        var text = string.Join("; ", words.Select(line => line.Trim()));
        return (result with { LastWords = text }).Ending;
    }
}
