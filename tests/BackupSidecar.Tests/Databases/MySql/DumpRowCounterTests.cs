using System.Text;
using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Tests.Databases.MySql;

public sealed class DumpRowCounterTests
{
    private const string Awkward =
        """
        /*M!999999\- enable the sandbox mode */ 
        -- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
        --
        -- Host: it's    Database: sh`op"(
        /*!40101 SET NAMES utf8mb4 */;
        CREATE TABLE `empty` (
          `a` int(11) COMMENT 'x;\nINSERT INTO `no` VALUES (1);',
          `b;"` text DEFAULT 'it''s'
        ) ENGINE=InnoDB;
        LOCK TABLES `item` WRITE;
        INSERT INTO `item` VALUES (1,'),('),(2,'it''s \'; INSERT INTO `x` VALUES (1)\\'),(3,NULL,-1.5e-7,0x28292C),
        (4,_binary 'a\0\'b');
        INSERT INTO `item` VALUES
        (5,'--'),
        (6,"(" );
        INSERT  IGNORE INTO `we``ird (name` (`a)`,`VALUES (`, row_start) VALUES (1,'/*'),(2,'*/'),(3,'`');
        /*!50001 CREATE VIEW `v` AS SELECT
         1 AS `a;` */;
        DELIMITER ;;
        CREATE PROCEDURE `p`()
        BEGIN
        INSERT INTO `item` VALUES (7),(8);
        DELIMITER ;;
        -- it's
        END ;;
        DELIMITER ;
        CREATE USER 'INSERT INTO `a'@'%;' IDENTIFIED BY ';';
        INSERT INTO `item` VALUES (9,'🙂
        raw newline ');

        -- Dump completed

        """;

    private static readonly Dictionary<string, long> InAwkward = new() { ["empty"] = 0, ["item"] = 7, ["we`ird (name"] = 3 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void Only_tuples_of_inserts_are_counted_however_the_dump_is_cut(int piece)
    {
        var counter = Count(Encoding.UTF8.GetBytes(Awkward), _ => piece);

        Assert.Equal(InAwkward.OrderBy(row => row.Key), counter.Rows.OrderBy(row => row.Key));
        Assert.True(counter.IsBetweenStatements);
    }

    [Fact]
    public void In_a_dump_of_several_databases_a_table_has_the_name_of_its_database_before_it()
    {
        var counter = Count("USE `a`;\nCREATE TABLE `t` (x int);\nUSE `b``c`;\nCREATE TABLE `t` (x int);\nINSERT INTO `t` VALUES (1);\n"u8.ToArray(), _ => 3);

        Assert.Equal(new Dictionary<string, long> { ["a.t"] = 0, ["b`c.t"] = 1 }, counter.Rows);
    }

    [Theory]
    [InlineData("INSERT INTO `t` VALUES (1),(2)")]
    [InlineData("INSERT INTO `t` VALUES ('-- Dump completed\n")]
    [InlineData("CREATE TABLE `t` (")]
    [InlineData("DELIMITER ;;\n-- Dump completed\n")]
    public void A_dump_that_breaks_off_leaves_a_statement_open(string dump) =>
        Assert.False(Count(Encoding.UTF8.GetBytes(dump), _ => 5).IsBetweenStatements);

    [Fact]
    public void Generated_dumps_are_counted_as_they_were_generated()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (dump, expected) = Generate(random);

            var counter = Count(Encoding.UTF8.GetBytes(dump), _ => random.Next(1, 60));

            Assert.True(expected.OrderBy(row => row.Key, StringComparer.Ordinal).SequenceEqual(counter.Rows.OrderBy(row => row.Key, StringComparer.Ordinal)), $"seed {seed}:\n{dump}");
            Assert.True(counter.IsBetweenStatements, $"seed {seed}");
        }
    }

    private static DumpRowCounter Count(byte[] dump, Func<int, int> piece)
    {
        var counter = new DumpRowCounter();
        for (var at = 0; at < dump.Length;)
        {
            var length = Math.Min(piece(at), dump.Length - at);
            counter.Take(dump.AsSpan(at, length));
            at += length;
        }
        return counter;
    }

    private static (string Dump, Dictionary<string, long> Rows) Generate(Random random)
    {
        var dump = new StringBuilder("-- MySQL dump\n");
        var rows = new Dictionary<string, long>();
        for (var table = random.Next(1, 5); table > 0; table--)
        {
            var name = $"{table}{Text(random)}";
            var quoted = $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
            rows[name] = 0;
            dump.Append($"--\n-- Table '{table}\n--\nCREATE TABLE {quoted} (\n  `x` text COMMENT {Literal(random)}\n) COMMENT={Literal(random)};\n");
            for (var insert = random.Next(3); insert > 0; insert--)
            {
                var count = random.Next(1, 6);
                rows[name] += count;
                dump.Append($"INSERT INTO {quoted}{(random.Next(2) == 0 ? "" : $" (`{Text(random).Replace("`", "``", StringComparison.Ordinal)}x`)")} VALUES{(random.Next(2) == 0 ? " " : "\n")}");
                dump.AppendJoin(random.Next(2) == 0 ? "," : ",\n", Enumerable.Range(0, count).Select(_ => $"({Literal(random)},{random.Next()},NULL,0xFF28,{Literal(random)})")).Append(";\n");
            }
            if (random.Next(3) == 0)
                dump.Append($"DELIMITER ;;\nCREATE TRIGGER x BEGIN {Text(random)}\nINSERT INTO {quoted} VALUES (1);\n END ;;\nDELIMITER ;\n");
        }
        return (dump.Append("-- Dump completed\n").ToString(), rows);
    }

    private static string Literal(Random random) =>
        "'" + Text(random).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", random.Next(2) == 0 ? "''" : "\\'", StringComparison.Ordinal) + "'";

    private static string Text(Random random)
    {
        string[] parts = ["(", ")", ",", ";", "'", "\"", "`", "\\", "--", " ", "\n", "INSERT INTO `t` VALUES (1)", "/*", "*/", "ü🙂", "VALUES", "a"];
        return string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => parts[random.Next(parts.Length)]));
    }
}
