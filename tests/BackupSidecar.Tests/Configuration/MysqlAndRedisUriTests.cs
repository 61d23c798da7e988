using BackupSidecar.Configuration;
using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

public sealed class MysqlAndRedisUriTests
{
    private static readonly string Printable =
        string.Concat(Enumerable.Range(0x20, 0x5F).Select(code => (char)code)) + "äßçøñΩжあ漢€";

    [Theory]
    [InlineData("mysql://user@db", "user", null, "db", "", "", "")]
    [InlineData("mysql://user:p%40%3A%2Fw@db:3307/my%20shop", "user", "p@:/w", "db", "3307", "", "my shop")]
    [InlineData("mariadb://user:pw@[2001:db8::1]:3306/shop?ssl-mode=required", "user", "pw", "2001:db8::1", "3306", "", "shop")]
    [InlineData("mysql://user:pw@localhost/shop?socket=%2Frun%2Fmysqld.sock", "user", "pw", "", "", "/run/mysqld.sock", "shop")]
    [InlineData("mysql://user:pw@%2Frun%2Fmysqld.sock/shop", "user", "pw", "", "", "/run/mysqld.sock", "shop")]
    [InlineData("mysql://user:pw@db/*", "user", "pw", "db", "", "", "")]
    public void A_mysql_uri_is_read(string text, string user, string? password, string host, string port, string socket, string database)
    {
        Assert.True(MysqlUri.TryParse(text, out var uri, out var problem), problem);

        Assert.Equal((user, password, host, port, socket, database), (uri.User, uri.Password?.Reveal(), uri.Host, uri.Port, uri.Socket, uri.Database));
    }

    [Theory]
    [InlineData("redis://cache", "", null, "cache", "", false)]
    [InlineData("redis://:pw@cache:6380/3", "", "pw", "cache", "6380", false)]
    [InlineData("rediss://user:p%40w@cache?cacert=/ca.pem", "user", "p@w", "cache", "", true)]
    [InlineData("valkeys://pw@cache", "", "pw", "cache", "", true)]
    [InlineData("redis://%2Frun%2Fredis.sock", "", null, "/run/redis.sock", "", false)]
    public void A_redis_uri_is_read(string text, string user, string? password, string host, string port, bool isTls)
    {
        Assert.True(RedisUri.TryParse(text, out var uri, out var problem), problem);

        Assert.Equal((user, password, host, port, isTls), (uri.User, uri.Password?.Reveal(), uri.Host, uri.Port, uri.IsTls));
    }

    [Fact]
    public void A_password_of_every_printable_character_comes_back()
    {
        var encoded = Uri.EscapeDataString(Printable);

        Assert.True(MysqlUri.TryParse($"mysql://u:{encoded}@db/shop", out var mysql, out _));
        Assert.True(RedisUri.TryParse($"redis://u:{encoded}@db", out var redis, out _));

        Assert.Equal((Printable, Printable), (mysql.Password?.Reveal(), redis.Password?.Reveal()));
        Assert.Equal(("mysql://u@db/shop", "redis://u@db"), (mysql.Display, redis.Display));
    }

    [Theory]
    [InlineData("postgres://u:hunter22@db/shop")]
    [InlineData("mysql://db/shop")]
    [InlineData("mysql://u:hunter22@/shop")]
    [InlineData("mysql://u:hun@ter22@db/shop")]
    [InlineData("mysql://u:hunter22@db:99999/shop")]
    [InlineData("mysql://u:hunter22@db/shop?compress=hunter22")]
    [InlineData("mysql://u:hunter22@db/shop?ssl-mode=hunter22")]
    [InlineData("mysql://u:hunter22@db/a/b")]
    public void A_mysql_uri_that_cannot_be_is_refused_without_its_password(string text)
    {
        Assert.False(MysqlUri.TryParse(text, out _, out var problem));

        Assert.DoesNotContain("ter22", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://u:hunter22@db")]
    [InlineData("redis://:hunter22@")]
    [InlineData("redis://:hunter22@cache/zero")]
    [InlineData("redis://:hun:ter22@cache")]
    [InlineData("redis://:hunter22@cache?timeout=hunter22")]
    public void A_redis_uri_that_cannot_be_is_refused_without_its_password(string text)
    {
        Assert.False(RedisUri.TryParse(text, out _, out var problem));

        Assert.DoesNotContain("ter22", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backup.nmae=x", "backup.name")]
    [InlineData("backup.name=", "has no value")]
    [InlineData("backup.name=a&backup.name=b", "stands there twice")]
    [InlineData("backup.name=a/b", "cannot be a name")]
    [InlineData("backup.via=ssh", "none of auto, exec, client")]
    [InlineData("backup.exclude_table_data=log", "of ours there are")]
    public void A_parameter_of_ours_that_cannot_be_is_named(string parameters, string words)
    {
        var fault = Said.Enough.With("BACKUP_MYSQL", "mysql://u:hunter22@db/shop?" + parameters).Fault();

        Assert.Equal("BACKUP_MYSQL", fault.Setting);
        Assert.Contains(words, fault.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void How_dumps_are_made_is_read()
    {
        var dumps = Said.Enough.With("BACKUP_DUMP_VIA", "EXEC").With("BACKUP_DUMP_PARALLELISM", "3").With("BACKUP_DUMP_TIMEOUT", "90m")
            .With("BACKUP_STAGING_LIMIT", "2GiB").Settings().Dumps;

        Assert.Equal(new DumpSettings { Via = DumpVia.Exec, Parallelism = 3, Timeout = TimeSpan.FromMinutes(90), StagingLimit = 2L << 30 }, dumps);
        Assert.Null(Said.Enough.With("BACKUP_DUMP_TIMEOUT", "0").Settings().Dumps.Timeout);
    }
}
