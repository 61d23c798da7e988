using BackupSidecar.Configuration.Values;
using BackupSidecar.Databases;
using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Tests.Databases.MySql;

/// <summary>What the two families are told apart by, and what MySQL's tools are called with: no server of MySQL can be had for the tests.</summary>
public sealed class MysqlToolsTests
{
    private static readonly MysqlTool MysqlDump8 = new("mysqldump", new MysqlVersion(MysqlFamily.MySql, new Version(8, 0, 36)));
    private static readonly MysqlTool MariadbDump = new("mariadb-dump", new MysqlVersion(MysqlFamily.MariaDb, new Version(10, 11, 19)));

    [Theory]
    [InlineData("mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)", "MariaDB 10.11.19")]
    [InlineData("mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)", "MariaDB 11.4.2")]
    [InlineData("mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)", "MySQL 5.7.44")]
    [InlineData("mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)", "MySQL 8.0.36")]
    [InlineData("mysqldump  Ver 8.0.36-28 for Linux on x86_64 (Percona Server (GPL), Release 28)", "MySQL 8.0.36")]
    [InlineData("sh: mysqldump: not found", null)]
    public void A_tool_is_known_by_what_it_says_of_its_version(string text, string? version) =>
        Assert.Equal(version, MysqlVersion.OfTool(text)?.ToString());

    [Theory]
    [InlineData("10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19")]
    [InlineData("11.4.2-MariaDB-ubu2404", "MariaDB 11.4.2")]
    [InlineData("8.0.36-28", "MySQL 8.0.36")]
    [InlineData("PostgreSQL 15", null)]
    public void A_server_is_known_by_what_it_says_of_its_version(string text, string? version) =>
        Assert.Equal(version, MysqlVersion.OfServer(text)?.ToString());

    [Theory]
    [InlineData("mariadb-dump 10.11.19", nameof(MysqlFamily.MariaDb))]
    [InlineData("mysqldump 10.2.44-MariaDB", nameof(MysqlFamily.MariaDb))]
    [InlineData("mysqldump 8.0.36", nameof(MysqlFamily.MySql))]
    public void Whose_a_dump_is_can_be_told_from_its_manifest(string tool, string family) =>
        Assert.Equal(family, MysqlTool.FamilyOf(tool).ToString());

    [Fact]
    public void The_tools_of_MySQL_get_their_own_options()
    {
        var session = Session("mysql://u:p@db/shop?ssl-mode=REQUIRED", MysqlFamily.MySql, "shop");

        var command = session.Connection.Command(MysqlDump8, MysqlDump.Options(session, MysqlDump8, new MysqlInventory(["shop"], [], [])));

        Assert.Equal("--no-defaults", command.Arguments[0]);
        Assert.Contains("--set-gtid-purged=OFF", command.Arguments);
        Assert.Contains("--loose-column-statistics=0", command.Arguments);
        Assert.Contains("--ssl-mode=REQUIRED", command.Arguments);
        Assert.Contains("--protocol=tcp", command.Arguments);
    }

    [Fact]
    public void The_tools_of_MariaDB_get_none_of_MySQLs()
    {
        var session = Session("mysql://u:p@db/shop?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem", MysqlFamily.MariaDb, "shop");

        var command = session.Connection.Command(MariadbDump, MysqlDump.Options(session, MariadbDump, new MysqlInventory(["shop"], [], [])));

        Assert.DoesNotContain(command.Arguments, argument => argument.Contains("gtid", StringComparison.Ordinal) || argument.Contains("statistics", StringComparison.Ordinal));
        Assert.Contains("--ssl-verify-server-cert", command.Arguments);
        Assert.Contains("--ssl-ca=/ca.pem", command.Arguments);
    }

    [Fact]
    public void The_password_is_in_the_environment_only()
    {
        var command = Session("mysql://u:ge%20heim@db/shop", MysqlFamily.MySql, "shop").Connection.Command(MysqlDump8);

        Assert.Equal("ge heim", command.Environment["MYSQL_PWD"]);
        Assert.DoesNotContain("heim", command.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_that_are_left_out_are_named_with_their_database()
    {
        var session = Session("mysql://u@db/", MysqlFamily.MariaDb, "");
        var cache = new MysqlTable("shop", "cache", "BASE TABLE", HasTransactions: true, Bytes: 1);

        Assert.Contains("--ignore-table=shop.cache", MysqlDump.Options(session, MariadbDump, new MysqlInventory(["shop"], [], [cache])));
    }

    [Theory]
    [InlineData("shop", nameof(MysqlFamily.MariaDb), "single-transaction snapshot, except for 1 table without transactions (MyISAM, Aria and the like) (mariadb-dump)")]
    [InlineData("", nameof(MysqlFamily.MariaDb), "single-transaction snapshot, except for 1 table without transactions (MyISAM, Aria and the like); with users and grants (mariadb-dump)")]
    [InlineData("", nameof(MysqlFamily.MySql), "single-transaction snapshot, except for 1 table without transactions (MyISAM, Aria and the like); without users and grants (mariadb-dump)")]
    public void What_a_dump_is_not_stands_in_its_consistency(string database, string family, string words)
    {
        var table = new MysqlTable("shop", "old", "BASE TABLE", HasTransactions: false, Bytes: 1);
        var view = new MysqlTable("shop", "view", "VIEW", HasTransactions: false, Bytes: 0);

        Assert.Equal(words, MysqlDump.Consistency(Session("mysql://u@db/", Enum.Parse<MysqlFamily>(family), database), MariadbDump, new MysqlInventory(["shop"], [table, view], [])));
    }

    private static MysqlSession Session(string text, MysqlFamily family, string database)
    {
        Assert.True(MysqlUri.TryParse(text, out var uri, out var problem), problem);
        var number = family == MysqlFamily.MySql ? new Version(8, 0, 36) : new Version(10, 11, 19);
        return new MysqlSession(new MysqlConnection(uri, new LocalPlace(), MariadbDump), new MysqlVersion(family, number), database);
    }
}
