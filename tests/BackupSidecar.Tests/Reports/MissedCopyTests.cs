using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class MissedCopyTests
{
    private static readonly MissedCopy Missed = new(Sample.Full.Archive!, "s3");

    [Fact]
    public void A_store_that_failed_has_missed_what_another_one_took() =>
        Assert.Equal([Missed], Of(Sample.Full));

    [Fact]
    public void What_no_store_took_was_not_missed() =>
        Assert.Empty(Of(Sample.Full with { Stores = [.. Sample.Full.Stores.Select(store => store with { Problem = "It is down." })] }));

    [Fact]
    public void What_was_made_up_for_is_not_missed_any_more() =>
        Assert.Empty(Of(Sample.Succeeded with { MadeUp = [new MadeUpCopy(Missed.Archive, "s3")] }, Sample.Full));

    [Fact]
    public void What_was_made_up_for_in_another_store_is_still_missed() =>
        Assert.Equal([Missed], Of(Sample.Succeeded with { MadeUp = [new MadeUpCopy(Missed.Archive, "local")] }, Sample.Full));

    [Theory]
    [InlineData(RunKind.Restore, "app")]
    [InlineData(RunKind.Backup, "shop")]
    public void Other_runs_and_other_backups_say_nothing(string kind, string name) =>
        Assert.Empty(Of(Sample.Full with { Kind = kind, BackupName = name }));

    private static IReadOnlyList<MissedCopy> Of(params RunReport[] newestFirst) => MissedCopy.Of(newestFirst, "app");
}
