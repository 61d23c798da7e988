using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Configuration;

public sealed class RetentionSettingsTests
{
    [Fact]
    public void Without_a_word_thirty_days_are_kept() =>
        Assert.Equal(new RetentionSettings { Days = 30 }, Said.Enough.Settings().Retention);

    [Fact]
    public void Days_stand_alone_where_no_count_is_set() =>
        Assert.Equal(new RetentionSettings { Days = 7 }, Said.Enough.With("BACKUP_RETENTION_DAYS", "7").Settings().Retention);

    [Fact]
    public void No_days_and_no_counts_keep_everything() =>
        Assert.Equal(new RetentionSettings { Days = 0 }, Said.Enough.With("BACKUP_RETENTION_DAYS", "0").Settings().Retention);

    [Theory]
    [InlineData("BACKUP_RETENTION_RECENT", 5, 5, 7, 4, 0, 0)]
    [InlineData("BACKUP_RETENTION_DAILY", 5, 14, 5, 4, 0, 0)]
    [InlineData("BACKUP_RETENTION_WEEKLY", 0, 14, 7, 0, 0, 0)]
    [InlineData("BACKUP_RETENTION_MONTHLY", 6, 14, 7, 4, 6, 0)]
    [InlineData("BACKUP_RETENTION_YEARLY", 2, 14, 7, 4, 0, 2)]
    public void One_count_brings_the_others_and_no_days(string name, int value, int recent, int daily, int weekly, int monthly, int yearly) =>
        Assert.Equal(
            new RetentionSettings { Recent = recent, Daily = daily, Weekly = weekly, Monthly = monthly, Yearly = yearly },
            Said.Enough.With(name, $"{value}").Settings().Retention);

    [Fact]
    public void Days_add_to_the_counts_where_both_are_set() =>
        Assert.Equal(90, Said.Enough.With("BACKUP_RETENTION_DAILY", "5").With("BACKUP_RETENTION_DAYS", "90").Settings().Retention.Days);

    [Fact]
    public void A_blank_count_is_not_set() =>
        Assert.Equal(new RetentionSettings { Days = 30 }, Said.Enough.With("BACKUP_RETENTION_DAILY", "").Settings().Retention);

    [Theory]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("+7")]
    [InlineData("7 d")]
    [InlineData("7d")]
    [InlineData("1e3")]
    [InlineData("7.0")]
    [InlineData("1,000")]
    [InlineData("0x10")]
    [InlineData("seven")]
    [InlineData("٧")]
    [InlineData("36501")]
    [InlineData("2147483648")]
    [InlineData("99999999999999999999999999")]
    public void What_is_no_number_of_days_is_refused_with_an_example(string text)
    {
        var fault = Said.Enough.With("BACKUP_RETENTION_DAYS", text).Fault();

        Assert.Equal("BACKUP_RETENTION_DAYS", fault.Setting);
        Assert.Equal("30", fault.Example);
    }

    [Theory]
    [InlineData("BACKUP_RETENTION_MIN")]
    [InlineData("BACKUP_RETENTION_MAX_DELETIONS")]
    public void Something_is_always_kept(string name)
    {
        Assert.Equal(name, Said.Enough.With(name, "0").Fault().Setting);
        Said.Enough.With(name, "1").Settings();
    }
}
