using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

public sealed class DatabaseUriTests
{
    /// <summary>Every printable character of ASCII and some beyond it.</summary>
    private static readonly string Printable =
        string.Concat(Enumerable.Range(0x20, 0x5F).Select(code => (char)code)) + "äßçøñΩжあ漢€";

    [Theory]
    [InlineData("postgres://db/shop", "", null, "db", "", "shop")]
    [InlineData("postgresql://user@db:5432/shop", "user", null, "db", "5432", "shop")]
    [InlineData("postgresql://user:pw@db", "user", "pw", "db", "", "")]
    [InlineData("postgresql://user:pw@db/", "user", "pw", "db", "", "")]
    [InlineData("postgresql://user:p%40%3A%2Fw@db/my%20shop", "user", "p@:/w", "db", "", "my shop")]
    [InlineData("postgresql://user:a:b@db/shop", "user", "a:b", "db", "", "shop")]
    [InlineData("postgresql://user:a?b#c@db/shop", "user", "a?b#c", "db", "", "shop")]
    [InlineData("postgresql://user:@db/shop", "user", null, "db", "", "shop")]
    [InlineData("postgresql://[2001:db8::1]:5433/shop", "", null, "2001:db8::1", "5433", "shop")]
    [InlineData("postgresql://%2Fvar%2Frun%2Fpostgresql/shop", "", null, "/var/run/postgresql", "", "shop")]
    [InlineData("postgresql:///shop?host=/var/run/postgresql&port=5433", "", null, "/var/run/postgresql", "5433", "shop")]
    [InlineData("postgresql://db?dbname=shop&user=me&password=pw", "me", "pw", "db", "", "shop")]
    [InlineData("postgresql:///", "", null, "", "", "")]
    public void A_postgres_uri_is_read_as_libpq_reads_it(
        string text, string user, string? password, string host, string port, string database)
    {
        Assert.True(PostgresUri.TryParse(text, out var uri, out var problem), problem);

        Assert.Equal((user, password, database), (uri.User, uri.Password?.Reveal(), uri.Database));
        Assert.Equal([(host, port)], uri.Hosts);
    }

    [Theory]
    [InlineData("mongodb://db", "", null, "db", "", "")]
    [InlineData("mongodb://db/?w=1", "", null, "db", "", "")]
    [InlineData("mongodb://db?w=1", "", null, "db", "", "")]
    [InlineData("mongodb://user:p%40w@db:27017/shop?authSource=admin", "user", "p@w", "db", "27017", "shop")]
    [InlineData("mongodb://%2Ftmp%2Fmongodb-27017.sock/shop", "", null, "/tmp/mongodb-27017.sock", "", "shop")]
    [InlineData("mongodb+srv://user:pw@cluster.example.com/shop", "user", "pw", "cluster.example.com", "", "shop")]
    public void A_mongodb_uri_is_read(string text, string user, string? password, string host, string port, string database)
    {
        Assert.True(MongodbUri.TryParse(text, out var uri, out var problem), problem);

        Assert.Equal((user, password, database), (uri.User, uri.Password?.Reveal(), uri.Database));
        Assert.Equal([(host, port)], uri.Hosts);
    }

    [Fact]
    public void Several_hosts_are_told_apart()
    {
        Assert.True(PostgresUri.TryParse("postgresql://u:p@a:1,[::1]:2,c/shop", out var postgres, out _));
        Assert.True(MongodbUri.TryParse("mongodb://u:p@a:1,[::1]:2,c/shop", out var mongodb, out _));

        Assert.Equal([("a", "1"), ("::1", "2"), ("c", "")], postgres.Hosts);
        Assert.Equal(postgres.Hosts, mongodb.Hosts);
        Assert.Equal("postgresql://u@a:1,[::1]:2,c/shop", postgres.Display);
        Assert.Equal("mongodb://u@a:1,[::1]:2,c/shop", mongodb.Display);
    }

    [Theory]
    [InlineData("db/shop")]
    [InlineData("mysql://user:hunter22@db/shop")]
    [InlineData("Postgres://user:hunter22@db/shop")]
    [InlineData("postgres://user:hun@ter22@db/shop")]
    [InlineData("postgres://user:hunter22/x@db/shop")]
    [InlineData("postgres://user:hunter22%@db/shop")]
    [InlineData("postgres://user:hunter22%zz@db/shop")]
    [InlineData("postgres://user:hunter22%00@db/shop")]
    [InlineData("postgres://user:hunter22 @db/shop")]
    [InlineData("postgres://user:hunter22@db:port/shop")]
    [InlineData("postgres://user:hunter22@db:65536/shop")]
    [InlineData("postgres://user:hunter22@db:0/shop")]
    [InlineData("postgres://user:hunter22@[::1/shop")]
    [InlineData("postgres://user:hunter22@[]/shop")]
    [InlineData("postgres://user:hunter22@[::1]x/shop")]
    [InlineData("postgres://user:hunter22@db/shop?sslmode")]
    [InlineData("postgres://user:hunter22@db/shop?=x")]
    [InlineData("postgres://user:x@db/shop?sslpassword=hunter22")]
    public void A_postgres_uri_that_is_wrong_is_refused_without_its_password(string text)
    {
        var fault = Said.Enough.With("BACKUP_POSTGRES", text).Fault();

        Assert.Equal("BACKUP_POSTGRES", fault.Setting);
        Assert.DoesNotContain("hunter22", fault.ToString());
        Assert.DoesNotContain("ter22", fault.ToString());
    }

    [Theory]
    [InlineData("mongodb://")]
    [InlineData("mongodb:///shop")]
    [InlineData("mongodb://user:hunter22@a,,b/shop")]
    [InlineData("mongodb://user:hun@ter22@db/shop")]
    [InlineData("mongodb://user:hun:ter22@db/shop")]
    [InlineData("mongodb://user:hun/ter22@db/shop")]
    [InlineData("mongodb+srv://user:hunter22@a:27017/shop")]
    [InlineData("mongodb+srv://user:hunter22@a,b/shop")]
    [InlineData("mongodb://user:hunter22@db/my.shop")]
    [InlineData("mongodb://user:hunter22@db/shop?w")]
    [InlineData("http://user:hunter22@db/shop")]
    public void A_mongodb_uri_that_is_wrong_is_refused_without_its_password(string text)
    {
        var fault = Said.Enough.With("BACKUP_MONGODB", text).Fault();

        Assert.Equal("BACKUP_MONGODB", fault.Setting);
        Assert.DoesNotContain("hunter22", fault.ToString());
        Assert.DoesNotContain("ter22", fault.ToString());
    }

    [Fact]
    public void A_fault_names_the_key_and_the_entry()
    {
        var reading = Said.Enough.With("BACKUP_POSTGRES_2", "postgres://a/b;postgres://a:x/b").Read();

        Assert.StartsWith("BACKUP_POSTGRES_2: entry 2: its port is not a number", Assert.Single(reading.Faults).ToString());
    }

    [Fact]
    public void Any_user_password_and_database_come_out_as_they_went_in()
    {
        var random = new Random(2);
        for (var i = 0; i < 10_000; i++)
        {
            var (user, password, database) = (Text(random), Text(random), Text(random));
            var rest = $"{Escape(user)}:{Escape(password)}@[::1]:5432,db/{Escape(database)}?connect_timeout=5";

            Assert.True(PostgresUri.TryParse("postgresql://" + rest, out var uri, out var problem), problem);

            Assert.Equal((user, password, database), (uri.User, uri.Password?.Reveal(), uri.Database));
            if (!database.Any("/\\. \"$".Contains))
            {
                Assert.True(MongodbUri.TryParse("mongodb://" + rest, out var mongodb, out problem), problem);
                Assert.Equal((user, password, database), (mongodb.User, mongodb.Password?.Reveal(), mongodb.Database));
            }
        }
    }

    [Fact]
    public void No_password_stands_in_a_fault_or_in_what_is_shown()
    {
        var random = new Random(3);
        for (var i = 0; i < 10_000; i++)
        {
            // Written as people write it, so that many of these URIs are wrong; a mark shows any piece of it in a message.
            var password = "Zq" + Text(random) + "Zq";
            foreach (var name in new[] { "BACKUP_POSTGRES", "BACKUP_MONGODB" })
            {
                var scheme = name == "BACKUP_POSTGRES" ? "postgres" : "mongodb";
                var uri = $"{scheme}://user:{password}@db/shop";
                var reading = Said.Enough.With(name, uri).Read();

                Assert.DoesNotContain(reading.Faults, fault => fault.ToString().Contains("Zq"));
                Assert.DoesNotContain("Zq", reading.Redactor.Redact($"cannot connect with {password}, that is {uri}"));
                if (PostgresUri.TryParse(uri, out var parsed, out _))
                    Assert.DoesNotContain("Zq", parsed.Display);
                if (MongodbUri.TryParse(uri, out var mongodb, out _))
                    Assert.DoesNotContain("Zq", mongodb.Display);
            }
        }
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => Printable[random.Next(Printable.Length)]));
}
