using BackupSidecar.IntegrationTests.Support;

namespace BackupSidecar.IntegrationTests.Databases.Redis;

/// <summary>What is awkward in a Redis server: every type in every encoding, bytes that are no text, several databases, functions.</summary>
internal static class RedisGolden
{
    private const string Library = "#!lua name=shop\nredis.register_function('total', function(keys, args) return 42 end)\n";

    private const string Values =
        """
        math.randomseed(7)
        local all = {}
        for i = 0, 255 do all[#all + 1] = string.char(i) end
        local bytes = table.concat(all)
        redis.call('SET', bytes, bytes)
        redis.call('SET', '', 'the empty key')
        redis.call('SET', 'number', 12345)
        redis.call('SET', 'float', '3.0e-300')
        redis.call('SET', 'long', string.rep('compressible ', 100000))
        redis.call('SET', 'big', string.rep(bytes, 160000))
        redis.call('SETBIT', 'bits', 100000, 1)
        redis.call('PFADD', 'loglog', 'a', 'b', 'c')
        for i = 1, 2000 do
          local noise = tostring(math.random()) .. bytes:sub(i % 200, i % 200 + 20)
          redis.call('RPUSH', 'list', noise)
          redis.call('HSET', 'hash', noise, i)
          redis.call('SADD', 'set', noise)
          redis.call('SADD', 'integers', i)
          redis.call('ZADD', 'zset', math.random() * 1e9 - 5e8, noise)
          redis.call('XADD', 'stream', i .. '-' .. (i % 5 + 1), 'field', noise, 'other', i)
        end
        redis.call('RPUSH', 'list', string.rep('x', 70000))
        redis.call('RPUSH', 'short list', 'a', 1, bytes)
        redis.call('HSET', 'short hash', 'a', 1, bytes, bytes)
        redis.call('SADD', 'short set', 'a', bytes)
        redis.call('SADD', 'short integers', 1, 2, 70000, 5000000000)
        redis.call('ZADD', 'short zset', '+inf', 'a', '-inf', 'b', '1.5', bytes)
        redis.call('GEOADD', 'geo', 13.361389, 38.115556, 'Palermo')
        redis.call('XGROUP', 'CREATE', 'stream', 'readers', '0')
        redis.call('XGROUP', 'CREATE', 'stream', 'idle', '$')
        redis.call('XREADGROUP', 'GROUP', 'readers', 'one', 'COUNT', 50, 'STREAMS', 'stream', '>')
        redis.call('XREADGROUP', 'GROUP', 'readers', 'two', 'COUNT', 7, 'STREAMS', 'stream', '>')
        redis.call('XACK', 'stream', 'readers', '3-4')
        redis.call('XDEL', 'stream', '4-5')
        redis.call('XADD', 'empty stream', '1-1', 'a', 'b')
        redis.call('XDEL', 'empty stream', '1-1')
        redis.call('SET', 'lives long', 1, 'EX', 1000000)
        redis.call('SET', 'lives very long', 1, 'PXAT', 9999999999999)
        redis.call('SET', 'lives short', 1, 'PX', 1)
        return 'OK'
        """;

    /// <summary>Keys in all databases that do not expire at once.</summary>
    public static Dictionary<string, long> Counts { get; } = new() { ["db0"] = 23, ["db3"] = 1, ["db15"] = 1 };

    public static async Task FillAsync(RedisInstance server)
    {
        Assert.Equal("OK", await server.AskAsync("EVAL", Values, "0"));
        Assert.Equal("OK", await server.AskAsync("-n", "3", "SET", "only", "here"));
        Assert.Equal("1", await server.AskAsync("-n", "15", "HSET", "h", "f", "v"));
        Assert.Equal("shop", await server.AskAsync("FUNCTION", "LOAD", Library));
        while (await server.AskAsync("DBSIZE") != "23")
            await Task.Delay(50, TestContext.Current.CancellationToken);
    }
}
