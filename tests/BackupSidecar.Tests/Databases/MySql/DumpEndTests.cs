using System.Text;
using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Tests.Databases.MySql;

public sealed class DumpEndTests
{
    [Theory]
    [InlineData("-- Dump completed on 2026-11-21 14:13:26\n", true)]
    [InlineData("/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n-- Dump completed\n", true)]
    [InlineData("-- Dump completed", true)]
    [InlineData("", false)]
    [InlineData("-- Dump comp", false)]
    [InlineData("-- Dump completed\nINSERT INTO `t` VALUES (1", false)]
    [InlineData("INSERT INTO `t` VALUES ('-- Dump completed", false)]
    public void The_last_line_of_a_whole_dump_is_the_closing_one(string dump, bool isWhole)
    {
        foreach (var before in new[] { 0, 1, 4095, 4096, 9000 })
        {
            foreach (var piece in new[] { 1, 10, 5000, 20000 })
            {
                var end = new DumpEnd();
                foreach (var chunk in Encoding.ASCII.GetBytes(new string('x', before) + "\n" + dump).Chunk(piece))
                    end.Take(chunk);
                Assert.Equal(isWhole, end.IsWhole);
            }
        }
    }
}
