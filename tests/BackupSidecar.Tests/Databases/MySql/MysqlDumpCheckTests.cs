using System.Text;
using BackupSidecar.Databases;
using BackupSidecar.Databases.MySql;

namespace BackupSidecar.Tests.Databases.MySql;

public sealed class MysqlDumpCheckTests
{
    private const string Whole = "CREATE TABLE `t` (x text);\nINSERT INTO `t` VALUES ('a'),('b\n-- Dump completed\n');\n\n-- Dump completed\n";

    [Fact]
    public async Task A_dump_is_whole_only_at_its_end()
    {
        for (var length = 0; length <= Whole.Length; length++)
        {
            await using var check = new MysqlDumpCheck();
            check.Take(Encoding.UTF8.GetBytes(Whole[..length]));
            if (length >= Whole.Length - 1)
                Assert.Null(await check.CompleteAsync(TestContext.Current.CancellationToken));
            else
                await Assert.ThrowsAsync<DatabaseException>(() => check.CompleteAsync(TestContext.Current.CancellationToken));
        }
    }
}
