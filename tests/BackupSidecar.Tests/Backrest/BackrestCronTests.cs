using BackupSidecar.Backrest.Plans;

namespace BackupSidecar.Tests.Backrest;

public sealed class BackrestCronTests
{
    [Theory]
    [InlineData("0 2 * * *")]
    [InlineData("*/5 0-23/2 1,15 JAN-MAR mon-fri")]
    [InlineData("5/10 * * * 0")]
    [InlineData("0 0 29 2 *")]
    [InlineData("59 23 31 12 *")]
    [InlineData("59 23 25-31 12 6")]
    public void What_Backrest_reads_is_taken(string cron)
    {
        Assert.Null(BackrestCron.Fault(cron));
        Assert.Null(BackrestCron.StrictFault(cron));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 2 * *")]
    [InlineData("0 0 2 * * *")]
    [InlineData("@daily")]
    [InlineData("0 T * * *")]
    [InlineData("T 2 * * *")]
    [InlineData("0 2 * * 7")]
    [InlineData("60 2 * * *")]
    [InlineData("0 24 * * *")]
    [InlineData("0 2 0 * *")]
    [InlineData("0 2 * 13 *")]
    [InlineData("0 2 30 2 *")]
    [InlineData("0 2 31 4,6,9,11 *")]
    [InlineData("0 22-4 * * *")]
    [InlineData("*/0 2 * * *")]
    [InlineData("*/x 2 * * *")]
    [InlineData("1-2-3 2 * * *")]
    [InlineData("0 2 * * FUN")]
    [InlineData("-1 2 * * *")]
    [InlineData("0 2 ? * *")]
    public void What_would_keep_Backrest_from_starting_is_refused(string cron)
    {
        Assert.NotNull(BackrestCron.Fault(cron));
        Assert.NotNull(BackrestCron.StrictFault(cron));
    }

    /// <summary>In a plan that somebody made by hand these are no reason to stop; from a label they are a mistake.</summary>
    [Theory]
    [InlineData("0 2 * * 0,7")]
    [InlineData("0,75 2 * * *")]
    [InlineData("0 2,22-4 * * *")]
    [InlineData("0 2 * 1-99 *")]
    [InlineData("59 23 31 12 6")]
    [InlineData("0 3 1 1 0")]
    [InlineData("0 0 29 2 1")]
    public void What_Backrest_takes_and_does_otherwise_than_it_reads_is_refused_in_labels_only(string cron)
    {
        Assert.Null(BackrestCron.Fault(cron));
        Assert.NotNull(BackrestCron.StrictFault(cron));
    }
}
