using BackupSidecar.Reports;
using BackupSidecar.Runs;
using BackupSidecar.Tests.Restore;

namespace BackupSidecar.Tests.Verification;

/// <summary>Scheduled verifications of real backups in two stores.</summary>
public sealed class RoundRunTests : IDisposable
{
    private readonly RestoreScene _scene = new();

    public RoundRunTests()
    {
        _scene.AddDirectory("data");
        _scene.Folder.Shell("seq 1000 > data/a");
    }

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task The_newest_is_opened_once_and_the_bytes_of_its_twin_and_of_older_ones_are_read()
    {
        await _scene.BackUpAsync(_scene.Local, _scene.Far);
        await _scene.BackUpAsync(_scene.Local, _scene.Far);

        var report = await VerifyAsync(BackupMarks.None);

        Assert.Equal(RunOutcome.Succeeded, report.Outcome);
        Assert.Equal(
            [("local", VerificationLevel.Content), ("s3", VerificationLevel.Stored), ("local", VerificationLevel.Stored), ("s3", VerificationLevel.Stored)],
            report.Verified.Select(copy => (copy.Store, copy.Level)));
        Assert.All(report.Verified, copy => Assert.Equal(VerificationResult.Good, copy.Result));
    }

    [Fact]
    public async Task Where_the_first_copy_is_damaged_the_second_is_opened()
    {
        var name = await _scene.BackUpAsync(_scene.Local, _scene.Far);
        _scene.Folder.Shell($"printf x | dd of=store/shop/{name.FileName} bs=1 seek=100 conv=notrunc status=none");

        var report = await VerifyAsync(BackupMarks.None);

        Assert.Equal(RunOutcome.Refused, report.Outcome);
        Assert.Equal(
            [("local", VerificationLevel.Content, VerificationResult.Refused), ("s3", VerificationLevel.Content, VerificationResult.Good)],
            report.Verified.Select(copy => (copy.Store, copy.Level, copy.Result)));
    }

    [Fact]
    public async Task A_twin_that_was_refused_before_must_pass_as_close_a_look()
    {
        var name = await _scene.BackUpAsync(_scene.Local, _scene.Far);
        var marks = BackupMarks.None.With(new BackupMark(name.FileName, "s3", DateTimeOffset.UnixEpoch, "it was damaged") { RefusedAt = VerificationLevel.Content });

        var report = await VerifyAsync(marks);

        Assert.Equal([VerificationLevel.Content, VerificationLevel.Content], report.Verified.Select(copy => copy.Level));
        Assert.Empty(marks.After(report).All);
    }

    [Fact]
    public async Task A_store_that_cannot_be_listed_is_no_empty_store()
    {
        _scene.Far.Fault = new BackupSidecar.Stores.StoreException("The server is on fire.");

        var report = await VerifyAsync(BackupMarks.None);

        Assert.Equal(RunOutcome.Failed, report.Outcome);
        Assert.Contains("on fire", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    private Task<RunReport> VerifyAsync(BackupMarks marks)
    {
        var round = new VerificationRound(
            new PastVerifications([]), marks, VerificationLevel.Content, TimeSpan.FromDays(7), HasManifestKey: true, TimeProvider.System.GetUtcNow());
        return new VerifyRun(_scene.Settings, _scene.Stores, TimeProvider.System, _scene.Log)
            .RunRoundAsync(Guid.NewGuid(), round.MayDrill, round.Choose, _ => { }, TestContext.Current.CancellationToken);
    }
}
