using BackupSidecar.Configuration.Values;

namespace BackupSidecar.Tests.Configuration;

/// <summary>SQL that must be true of a restored database, and the database that it is about.</summary>
public sealed class AssertionTextTests
{
    [Theory]
    [InlineData("select count(*) > 0 from users", null, "select count(*) > 0 from users")]
    [InlineData("shop: select 1", "shop", "select 1")]
    [InlineData("postgres-shop.dump:select 1", "postgres-shop.dump", "select 1")]
    [InlineData("select a::int = 1 from t", null, "select a::int = 1 from t")]
    [InlineData("select 'a: b' = x from t", null, "select 'a: b' = x from t")]
    [InlineData(" shop :select 1", null, "shop :select 1")]
    [InlineData("shop: select 1\nfrom t", "shop", "select 1\nfrom t")]
    public void A_name_may_stand_before_it(string text, string? source, string sql) => Assert.Equal((source, sql), AssertionText.Split(text));

    [Fact]
    public void With_several_databases_it_must_name_one()
    {
        var said = Said.Enough.With("BACKUP_POSTGRES", "postgres://u:p@db/shop").With("BACKUP_MYSQL", "mysql://u:p@db/blog").With("BACKUP_DRILL_SQL_1", "select 'x' = 'x'");

        var fault = Assert.Single(said.Read().Faults);

        Assert.Contains("BACKUP_DRILL_SQL_1", fault.ToString(), StringComparison.Ordinal);
        Assert.Contains("does not say which one", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_may_end_in_a_quote_and_stand_in_numbered_keys()
    {
        var settings = Said.Enough.With("BACKUP_POSTGRES", "postgres://u:p@db/shop")
            .With("BACKUP_DRILL_SQL", "select 'x' = 'x'").With("BACKUP_DRILL_SQL_2", "shop: select true").Read().Settings!;

        Assert.Equal([(null, "select 'x' = 'x'"), ("shop", "select true")], settings.Drill.Assertions.Select(each => (each.Source, each.Sql)));
    }

    [Fact]
    public void A_name_alone_is_a_fault() =>
        Assert.Contains("no SQL", Assert.Single(Said.Enough.With("BACKUP_DRILL_SQL", "shop:").Read().Faults).ToString(), StringComparison.Ordinal);
}
