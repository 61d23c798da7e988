using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class PastVerificationsTests
{
    private const string Archive = "app-2026-11-20-030000.tar.gz.gpg";

    [Fact]
    public void What_was_never_verified_says_nothing() =>
        Assert.Null(After((VerificationLevel.Content, VerificationResult.Good)).Of(Archive, "s3"));

    [Fact]
    public void A_superficial_look_takes_nothing_back()
    {
        var past = After(
            (VerificationLevel.Content, VerificationResult.Good),
            (VerificationLevel.Content, VerificationResult.Good),
            (VerificationLevel.Stored, VerificationResult.Good)).Of(Archive, "local");

        Assert.Equal((VerificationLevel.Content, Sample.Start.AddHours(1)), (past!.Copy.Level, past.At));
    }

    [Fact]
    public void A_refusal_counts_until_something_good_comes_and_takes_back_what_was_before_it()
    {
        var refused = After((VerificationLevel.Content, VerificationResult.Good), (VerificationLevel.Stored, VerificationResult.Refused)).Of(Archive, "local");
        var mended = After(
            (VerificationLevel.Content, VerificationResult.Good),
            (VerificationLevel.Stored, VerificationResult.Refused),
            (VerificationLevel.Stored, VerificationResult.Good)).Of(Archive, "local");

        Assert.Equal(VerificationResult.Refused, refused!.Copy.Result);
        Assert.Equal((VerificationResult.Good, VerificationLevel.Stored), (mended!.Copy.Result, mended.Copy.Level));
    }

    [Fact]
    public void A_superficial_look_does_not_take_back_what_a_closer_one_refused()
    {
        var refused = After((VerificationLevel.Restore, VerificationResult.Refused), (VerificationLevel.Content, VerificationResult.Good)).Of(Archive, "local");
        var mended = After(
            (VerificationLevel.Restore, VerificationResult.Refused),
            (VerificationLevel.Restore, VerificationResult.Good),
            (VerificationLevel.Stored, VerificationResult.Good)).Of(Archive, "local");

        Assert.Equal((VerificationResult.Refused, VerificationLevel.Restore), (refused!.Copy.Result, refused.Copy.Level));
        Assert.Equal((VerificationResult.Good, VerificationLevel.Restore), (mended!.Copy.Result, mended.Copy.Level));
    }

    [Fact]
    public void What_could_not_be_read_is_no_verdict()
    {
        var past = After((VerificationLevel.Content, VerificationResult.Good), (VerificationLevel.Content, VerificationResult.Unread)).Of(Archive, "local");

        Assert.Equal((VerificationResult.Good, Sample.Start), (past!.Copy.Result, past.At));
    }

    [Fact]
    public void A_copy_that_was_read_back_after_its_upload_was_verified_then_and_no_other()
    {
        var past = new PastVerifications([Sample.Succeeded with
        {
            Stores =
            [
                new StoreReport("local", "/backups", Problem: null) { Checked = UploadCheck.Size },
                new StoreReport("near", "s3://near", Problem: null) { Checked = UploadCheck.Checksum },
                new StoreReport("far", "s3://far", Problem: null) { Checked = UploadCheck.Samples },
                new StoreReport("s3", "s3://bucket", Problem: null) { Checked = UploadCheck.ReadBack },
            ],
            MadeUp = [new MadeUpCopy("older", "s3") { Checked = UploadCheck.ReadBack }, new MadeUpCopy("older", "local") { Checked = UploadCheck.Size }],
        }]);

        Assert.Equal((VerificationLevel.Stored, VerificationResult.Good, Sample.Succeeded.FinishedAt), past.Of(Archive, "s3") is { } found ? (found.Copy.Level, found.Copy.Result, found.At) : default);
        Assert.All(["local", "near", "far"], store => Assert.Null(past.Of(Archive, store)));
        Assert.Equal(VerificationLevel.Stored, past.Of("older", "s3")?.Copy.Level);
        Assert.Null(past.Of("older", "local"));
    }

    private static PastVerifications After(params (VerificationLevel Level, VerificationResult Result)[] oldestFirst) => new(oldestFirst
        .Select((each, hour) => Sample.Succeeded with
        {
            Kind = RunKind.Verify,
            FinishedAt = Sample.Start.AddHours(hour),
            Verified = [new VerifiedCopy(Archive, "local", each.Level, each.Result, Problem: null)],
        })
        .Reverse());
}
