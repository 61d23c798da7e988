using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class BackupMarksTests : IDisposable
{
    private const string Archive = "app-2026-11-20-030000.tar.gz.gpg";

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("backup-sidecar-marks-");

    private MarkFile File => new(_state.FullName);

    public void Dispose() => _state.Delete(recursive: true);

    [Fact]
    public void What_was_refused_stays_marked_since_then_until_a_look_as_close_finds_it_good()
    {
        var refused = BackupMarks.None.After(Verification(VerificationLevel.Content, VerificationResult.Refused));
        var again = refused.After(Verification(VerificationLevel.Stored, VerificationResult.Refused, hour: 1));
        var superficial = again.After(Verification(VerificationLevel.Stored, VerificationResult.Good, hour: 2));
        var close = superficial.After(Verification(VerificationLevel.Content, VerificationResult.Good, hour: 3));

        var mark = Assert.Single(superficial.All);
        Assert.Equal((Archive, "local", Sample.Start, VerificationLevel.Content), (mark.Archive, mark.Store, mark.Since, mark.RefusedAt));
        Assert.Equal("it is not what was stored", mark.Problem);
        Assert.Empty(close.All);
    }

    [Theory]
    [InlineData(VerificationResult.Unread)]
    [InlineData(VerificationResult.Gone)]
    public void What_is_no_verdict_marks_nothing_and_takes_nothing_back(object result)
    {
        var refused = BackupMarks.None.After(Verification(VerificationLevel.Stored, VerificationResult.Refused));

        Assert.Empty(BackupMarks.None.After(Verification(VerificationLevel.Content, (VerificationResult)result)).All);
        Assert.Equal(refused.All, refused.After(Verification(VerificationLevel.Content, (VerificationResult)result)).All);
    }

    [Fact]
    public void What_a_person_has_accepted_stays_accepted_when_it_is_refused_again()
    {
        var refused = BackupMarks.None.After(Verification(VerificationLevel.Stored, VerificationResult.Refused));

        var accepted = refused.Accept([refused.All[0]], Sample.Start.AddHours(1)).After(Verification(VerificationLevel.Content, VerificationResult.Refused, hour: 2));

        Assert.False(Assert.Single(accepted.All).IsOpen);
        Assert.Equal(Sample.Start.AddHours(1), accepted.All[0].AcceptedAt);
    }

    [Fact]
    public void A_copy_of_another_store_and_a_backup_as_a_whole_are_marked_by_themselves()
    {
        var marks = BackupMarks.None.After(Verification(VerificationLevel.Stored, VerificationResult.Refused))
            .With(new BackupMark(Archive, Store: null, Sample.Start, "it shrank"));

        Assert.NotNull(marks.OfCopy(Archive, "local"));
        Assert.Null(marks.OfCopy(Archive, "s3"));
        Assert.Equal("it shrank", marks.OfBackup(Archive)!.Problem);
        Assert.Equal("it shrank", Assert.Single(marks.After(Verification(VerificationLevel.Stored, VerificationResult.Good)).All).Problem);
    }

    [Fact]
    public void The_file_gives_back_what_was_put_into_it()
    {
        Assert.Empty(File.Read().All);

        File.Update(marks => marks.After(Verification(VerificationLevel.Content, VerificationResult.Refused)));
        File.Update(marks => marks.With(new BackupMark(Archive, Store: null, Sample.Start, "it shrank")));
        var (before, now) = File.Update(marks => marks.Accept([.. marks.All], Sample.Start.AddDays(1)));

        Assert.Equal(now.All, File.Read().All);
        Assert.All(before.All, mark => Assert.True(mark.IsOpen));
        Assert.All(now.All, mark => Assert.Equal(Sample.Start.AddDays(1), mark.AcceptedAt));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[{\"archive\":null}]")]
    public void A_file_that_is_damaged_is_an_error_and_not_a_file_without_marks(string text)
    {
        System.IO.File.WriteAllText(Path.Combine(_state.FullName, "marks.json"), text);

        Assert.Contains("marks.json", Assert.Throws<IOException>(() => File.Read()).Message, StringComparison.Ordinal);
    }

    private static RunReport Verification(VerificationLevel level, VerificationResult result, int hour = 0) => Sample.Succeeded with
    {
        Kind = RunKind.Verify,
        FinishedAt = Sample.Start.AddHours(hour),
        Verified = [new VerifiedCopy(Archive, "local", level, result, result == VerificationResult.Refused ? "it is not what was stored" : null)],
    };
}
