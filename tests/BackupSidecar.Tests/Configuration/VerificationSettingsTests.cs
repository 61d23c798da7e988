using BackupSidecar.Configuration;

namespace BackupSidecar.Tests.Configuration;

public sealed class VerificationSettingsTests
{
    [Fact]
    public void Without_a_word_stored_backups_are_verified_each_week_as_closely_as_can_be()
    {
        var settings = Said.Enough.Settings();

        Assert.Equal(new VerificationSettings { Schedule = "0 5 * * 0", Level = ScheduledLevel.Auto }, settings.Verification);
        Assert.Equal(new AnomalySettings { Warn = 50, Freeze = 90 }, settings.Anomalies);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("OFF")]
    [InlineData(" off ")]
    [InlineData("'off'")]
    public void They_can_be_switched_off(string off)
    {
        var settings = Said.Enough.With("BACKUP_VERIFY_SCHEDULE", off).With("BACKUP_ANOMALY_WARN", off).With("BACKUP_ANOMALY_FREEZE", off).Settings();

        Assert.Null(settings.Verification.Schedule);
        Assert.Equal(new AnomalySettings { Warn = null, Freeze = null }, settings.Anomalies);
    }

    [Theory]
    [InlineData("70%", 70)]
    [InlineData("70", 70)]
    [InlineData("70 %", 70)]
    [InlineData("1%", 1)]
    [InlineData("90%", 90)]
    public void A_share_is_a_percentage(string text, int percent) =>
        Assert.Equal(percent, Said.Enough.With("BACKUP_ANOMALY_WARN", text).Settings().Anomalies.Warn);

    [Theory]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("-5%")]
    [InlineData("50.5%")]
    [InlineData("half")]
    [InlineData("99999999999%")]
    public void Anything_else_is_not(string text)
    {
        var fault = Said.Enough.With("BACKUP_ANOMALY_FREEZE", text).Fault();

        Assert.Equal(("BACKUP_ANOMALY_FREEZE", "90%"), (fault.Setting, fault.Example));
    }

    [Fact]
    public void A_warning_after_the_freeze_is_a_mistake() =>
        Assert.Contains("would come after", Said.Enough.With("BACKUP_ANOMALY_WARN", "80%").With("BACKUP_ANOMALY_FREEZE", "70%").Fault().Problem, StringComparison.Ordinal);
}
