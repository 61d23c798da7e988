using BackupSidecar.Planning;

namespace BackupSidecar.Tests.Planning;

/// <summary>Names of the dumps of labelled databases, as Label Backup has them.</summary>
public sealed class ArtefactNameTests
{
    private static readonly DateTime Time = new(2026, 11, 21, 22, 55, 0, DateTimeKind.Unspecified);

    [Theory]
    [InlineData("postgres-app-20261121225500.dump.gz", "", "postgres", "app", "postgres-app.dump")]
    [InlineData("prod/postgres-my-app.v2-20261121225500.dump.gz.gpg", "prod", "postgres", "my-app.v2", "postgres-my-app.v2.dump")]
    [InlineData("a/b/mysql-shop_1-20261121225500.sql.gz", "a/b", "mysql", "shop_1", "mysql-shop_1.sql")]
    [InlineData("mysql-shop-20261121225500.dump.gz", "", "mysql", "shop", "mysql-shop.sql")]
    [InlineData("redis-0-20261121225500.rdb.gz", "", "redis", "0", "redis-0.rdb")]
    [InlineData("mongodb-all-20261121225500.archive.gz", "", "mongodb", "all", "mongodb-all.archive")]
    public void A_name_is_read_and_written_as_it_stands(string text, string prefix, string kind, string database, string entry)
    {
        Assert.True(ArtefactName.TryParse(text, out var name));
        Assert.Equal((prefix, kind, database, Time, entry), (name.Prefix, name.Kind, name.Database, name.LocalTime, name.EntryName));
        Assert.Equal((text, text + ".metadata.json"), (name.FileName, name.ManifestFileName));
    }

    [Theory]
    [InlineData("postgres-app-20261121225500.dump.gz.metadata.json")]
    [InlineData("postgres-app-20261121225500.dump")]
    [InlineData("postgres-app-20261321225500.dump.gz")]
    [InlineData("postgres--20261121225500.dump.gz\n")]
    [InlineData("postgres-20261121225500.dump.gz")]
    [InlineData("sqlite-app-20261121225500.dump.gz")]
    [InlineData("app-2026-11-21-225500.tar.gz.gpg")]
    [InlineData("postgres-a b-20261121225500.dump.gz")]
    [InlineData("")]
    public void Anything_else_is_not_ours(string text) => Assert.False(ArtefactName.TryParse(text, out _));

    [Fact]
    public void The_next_name_is_one_second_later_and_of_the_same_kind()
    {
        Assert.True(ArtefactName.TryParse("prod/redis-0-20261231235959.rdb.gz", out var name));

        Assert.Equal("prod/redis-0-20270101000000.rdb.gz", name.Next().FileName);
    }

    [Theory]
    [InlineData("app/postgres-x-20261121225500.dump.gz", true)]
    [InlineData("app/postgres-x-20261121225501.dump.gz.gpg", true)]
    [InlineData("app2/postgres-x-20261121225500.dump.gz", false)]
    [InlineData("app/sub/postgres-x-20261121225500.dump.gz", false)]
    [InlineData("app/postgres-x-y-20261121225500.dump.gz", false)]
    [InlineData("app/mysql-x-20261121225500.dump.gz", false)]
    [InlineData("postgres-x-20261121225500.dump.gz", false)]
    public void Only_the_same_prefix_kind_and_database_are_the_same_backup(string text, bool isSame)
    {
        Assert.True(ArtefactName.TryParse("app/postgres-x-20260101000000.dump.gz", out var sample));

        Assert.Equal(isSame, ArtefactNames.Of(sample).TryParse(text, out _));
    }
}
