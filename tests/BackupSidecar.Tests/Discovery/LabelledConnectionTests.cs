namespace BackupSidecar.Tests.Discovery;

public sealed class LabelledConnectionTests
{
    [Theory]
    [InlineData("postgres", "postgresql://app:hunter22@db/shop", null, "postgresql://app:hunter22@db/shop", "shop")]
    [InlineData("postgres", "postgres://app:p@ss:word@db/shop", null, "postgres://app:p%40ss%3Aword@db/shop", "shop")]
    [InlineData("postgres", "postgres://app:p%40ss@db/shop?sslmode=require&connect_timeout=5", null, "postgres://app:p%40ss@db/shop?sslmode=require&connect_timeout=5", "shop")]
    [InlineData("postgres", "postgres://app:hunter22@db/", "shop", "postgres://app:hunter22@db/shop", "shop")]
    [InlineData("postgres", "postgres://app:hunter22@db/shop", "other", "postgres://app:hunter22@db/shop", "other")]
    [InlineData("mysql", "mysql://app:hunter22@db:3307/shop", null, "mysql://app:hunter22@db:3307/shop", "shop")]
    [InlineData("mysql", "mysql://app:hunter22@db/shop?sslmode=disabled", "other", "mysql://app:hunter22@db/other?ssl-mode=DISABLED", "other")]
    [InlineData("mysql", "mysql://app:hunter22@db/?sslmode=require", "shop", "mysql://app:hunter22@db/shop?ssl-mode=REQUIRED", "shop")]
    [InlineData("mongodb", "mongodb://app:hunter22@db:27017/shop?authSource=admin", null, "mongodb://app:hunter22@db:27017/shop?authSource=admin", "shop")]
    [InlineData("mongodb", "mongodb://app:hunter22@db", "shop", "mongodb://app:hunter22@db/shop?authSource=admin", "shop")]
    [InlineData("mongodb", "mongodb://app:hunter22@db/users", "shop", "mongodb://app:hunter22@db/shop?authSource=users", "shop")]
    [InlineData("mongodb", "mongodb://db/users?replicaSet=r", "shop", "mongodb://db/shop?replicaSet=r", "shop")]
    [InlineData("mongodb", "mongodb+srv://app:hunter22@db.example.com/", null, "mongodb+srv://app:hunter22@db.example.com/", "database")]
    [InlineData("redis", "redis://:hunter22@db:6379", null, "redis://:hunter22@db:6379/", "database")]
    [InlineData("redis", "redis://:hunter22@db:6379/2", null, "redis://:hunter22@db:6379/2", "2")]
    [InlineData("redis", "rediss://app:hunter22@db", "cache", "rediss://app:hunter22@db/", "cache")]
    [InlineData("redis", "hunter22@db:6379", null, "redis://:hunter22@db:6379/", "database")]
    [InlineData("redis", ":hun/ter@22@db:6379", null, "redis://:hun%2Fter%4022@db:6379/", "database")]
    [InlineData("redis", "db:6379", null, "redis://db:6379/", "database")]
    [InlineData("redis", "db", null, "redis://db/", "database")]
    [InlineData("redis", "", null, "redis://shop-db-1/", "database")]
    public void A_connection_leads_where_Label_Backup_would_go(string type, string conn, string? database, string uri, string name)
    {
        var labels = Labelled.Enough(type, conn);

        var read = (database is null ? labels : labels.With("backup.database", database)).Database();

        Assert.Equal(uri, read.Uri.Uri.Reveal());
        Assert.Equal(name, read.Database);
        Assert.DoesNotContain("hunter22", read.Database, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres", "db:5432/shop", "does not begin with")]
    [InlineData("postgres", "postgres://app:hunter22@db", "names no database")]
    [InlineData("postgres", "postgres://app:hunter22@db/*", "all databases")]
    [InlineData("postgres", "postgres:///shop", "names no host")]
    [InlineData("postgres", "postgres://app:hunter22@%2Fvar%2Frun%2Fpostgresql/shop", "a socket")]
    [InlineData("postgres", "postgres://app:hunter22@%40abstract/shop", "a socket")]
    [InlineData("postgres", "postgres://app:hunter22@db/shop?host=/run", "parameter host may not")]
    [InlineData("postgres", "postgres://app:hunter22@db/shop?passfile=/config/pass", "parameter passfile may not")]
    [InlineData("postgres", "postgres://app:hunter22@db/shop?sslrootcert=/config/key", "parameter sslrootcert may not")]
    [InlineData("postgres", "postgres://app:hunter22@db/shop?service=x", "parameter service may not")]
    [InlineData("postgres", "postgres://app:hunt/er22@db/shop", "percent-encode")]
    [InlineData("postgres", "postgres://app:hunter22?@db/shop", "percent-encode")]
    [InlineData("postgres", "postgres://app:hunter22#@db/shop", "percent-encode")]
    [InlineData("postgres", "postgres://app:hunter22@db:x/shop", "port")]
    [InlineData("postgres", "postgres://app:hunter22@db=/shop", "no name of a host")]
    [InlineData("mysql", "postgres://app:hunter22@db/shop", "does not begin with")]
    [InlineData("mysql", "mysql://app:hunter22@db", "names no database")]
    [InlineData("mysql", "mysql://app:hunter22@db/*", "names no database")]
    [InlineData("mysql", "mysql://app:hunter22@db/shop?socket=/run/mysqld.sock", "parameter socket may not")]
    [InlineData("mysql", "mysql://app:hunter22@db/shop?ssl-ca=/config/ca", "parameter ssl-ca may not")]
    [InlineData("mysql", "mysql://app:hunter22@db/shop?sslmode=maybe", "sslmode")]
    [InlineData("mysql", "mysql://app:hunter22@one,two/shop", "several hosts")]
    [InlineData("mongodb", "mongodb://app:hunter22@%2Ftmp%2Fmongodb-27017.sock/shop", "a socket")]
    [InlineData("mongodb", "mongodb://db/shop?tlsCAFile=/config/ca", "parameter tlsCAFile may not")]
    [InlineData("mongodb", "mongodb://db/shop?tlsCertificateKeyFile=/config/key", "may not")]
    [InlineData("mongodb", "mongodb://db/shop?authMechanism=MONGODB-AWS", "authMechanism")]
    [InlineData("redis", "redis://db/cache", "not the number")]
    [InlineData("redis", "redis://db?cert=/config/key", "parameter cert may not")]
    [InlineData("redis", "redis://%2Frun%2Fredis.sock", "a socket")]
    [InlineData("redis", "/run/redis.sock", "no host")]
    public void A_connection_that_leads_elsewhere_is_refused(string type, string conn, string problem)
    {
        var told = Labelled.Enough(type, conn).Problem();

        Assert.Contains(problem, told, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", told, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_drivers_know_is_passed_over_and_told()
    {
        var labels = Labelled.Enough("postgres", "postgres://app:hunter22@db/shop?schema=public&sslmode=disable");

        Assert.Equal("postgres://app:hunter22@db/shop?sslmode=disable", labels.Database().Uri.Uri.Reveal());
        Assert.Contains("'schema'", Assert.Single(labels.Read().Remarks), StringComparison.Ordinal);
    }
}
