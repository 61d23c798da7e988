using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Tests.Databases.MySql;

public sealed class MysqlGrantsTests
{
    [Theory]
    [InlineData("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` IDENTIFIED BY PASSWORD '*79' WITH GRANT OPTION", "")]
    [InlineData("GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`", "")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON `shop`.* TO `app`@`%`", "")]
    [InlineData("GRANT SELECT, TRIGGER ON `shop`.* TO `app`@`%`", "SHOW VIEW")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON `sh%`.* TO `app`@`%`", "")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON `sh_p`.* TO `app`@`%`", "")]
    [InlineData(@"GRANT SELECT, SHOW VIEW, TRIGGER ON `sh\_p`.* TO `app`@`%`", "SELECT SHOW VIEW TRIGGER")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON `shop`.`item` TO `app`@`%`", "SELECT SHOW VIEW TRIGGER")]
    [InlineData("GRANT SELECT (`a`), TRIGGER ON `shop`.* TO `app`@`%`", "SELECT SHOW VIEW TRIGGER")]
    [InlineData("GRANT USAGE ON *.* TO `app`@`%`", "SELECT SHOW VIEW TRIGGER")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO `app`@`%`\nREVOKE SELECT ON `shop`.* FROM `app`@`%`", "SELECT")]
    [InlineData("GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO `app`@`%`\nREVOKE SELECT ON `other`.* FROM `app`@`%`", "")]
    public void Rights_count_where_they_are_on_the_whole_database(string grants, string missing) =>
        Assert.Equal(missing, string.Join(' ', new MysqlGrants(grants.Split('\n')).Missing("shop", "SELECT", "SHOW VIEW", "TRIGGER")));

    [Theory]
    [InlineData("GRANT SELECT ON *.* TO `b`@`%`", true)]
    [InlineData("GRANT SELECT ON `shop`.* TO `b`@`%`", false)]
    [InlineData("GRANT SELECT ON *.* TO `b`@`%`\nREVOKE SELECT ON `shop`.* FROM `b`@`%`", false)]
    public void All_databases_need_rights_on_all_of_them(string grants, bool isEnough) =>
        Assert.Equal(isEnough, new MysqlGrants(grants.Split('\n')).Missing(null, "SELECT").Count == 0);

    [Theory]
    [InlineData("GRANT SELECT ON `shop`.* TO `b`@`%`", false)]
    [InlineData("GRANT EXECUTE ON `shop`.* TO `b`@`%`", true)]
    [InlineData("GRANT SELECT ON `mysql`.`proc` TO `b`@`%`", true)]
    [InlineData("GRANT SHOW_ROUTINE ON *.* TO `b`@`%`", true)]
    [InlineData("GRANT SELECT ON *.* TO `b`@`%`", true)]
    public void Routines_are_seen_with_any_right_on_them_or_on_their_list(string grant, bool areSeen) =>
        Assert.Equal(areSeen, new MysqlGrants([grant]).SeesRoutines("shop"));
}
