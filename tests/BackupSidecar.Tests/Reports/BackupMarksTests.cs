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

    [Fact]
    public void The_reason_is_that_of_the_newest_refusal()
    {
        var refused = BackupMarks.None.After(Verification(VerificationLevel.Content, VerificationResult.Refused));

        var later = refused.After(new VerifiedCopy(Archive, "local", VerificationLevel.Stored, VerificationResult.Refused, "it is cut short"), Sample.Start.AddHours(1));

        var mark = Assert.Single(later.All);
        Assert.Equal(("it is cut short", VerificationLevel.Content, Sample.Start), (mark.Problem, mark.RefusedAt, mark.Since));
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

        var message = Assert.Throws<IOException>(() => File.Read()).Message;
        Assert.Contains("marks.json", message, StringComparison.Ordinal);
        Assert.Contains("made again from the histories, and what was accepted has to be accepted again", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_gone_is_made_again_from_the_histories_but_what_was_accepted_is_open_again()
    {
        var shrunken = Sample.Succeeded with
        {
            Archive = "app-2026-11-21-030000.tar.gz.gpg",
            Outcome = RunOutcome.Partial,
            Stores = [new StoreReport("local", "/backups-local", Problem: null)],
            Attention = ["posts: it shrank.", "All sources together: they shrank."],
        };
        new History(_state.FullName).Append(shrunken);
        var verifications = new History(_state.FullName, History.OfVerifications);
        verifications.Append(Verification(VerificationLevel.Content, VerificationResult.Refused, hour: 1));
        verifications.Append(Verification(VerificationLevel.Stored, VerificationResult.Good, hour: 2));
        verifications.Append(Of("app-2026-11-01-030000.tar.gz.gpg", VerificationResult.Refused, hour: 1));
        verifications.Append(Of("app-2026-11-01-030000.tar.gz.gpg", VerificationResult.Good, hour: 2));

        var marks = File.Read();

        Assert.Equal(
            [
                new BackupMark(shrunken.Archive, Store: null, shrunken.FinishedAt, "posts: it shrank. All sources together: they shrank."),
                new BackupMark(Archive, "local", Sample.Start.AddHours(1), "it is not what was stored") { RefusedAt = VerificationLevel.Content },
            ],
            marks.All);
        File.Update(same => same);
        Assert.True(System.IO.File.Exists(Path.Combine(_state.FullName, "marks.json")));
        Assert.Equal(marks.All, File.Read().All);

        static RunReport Of(string archive, VerificationResult result, int hour) => Sample.Succeeded with
        {
            Kind = RunKind.Verify,
            FinishedAt = Sample.Start.AddHours(hour),
            Verified = [new VerifiedCopy(archive, "local", VerificationLevel.Content, result, Problem: null)],
        };
    }

    private static RunReport Verification(VerificationLevel level, VerificationResult result, int hour = 0) => Sample.Succeeded with
    {
        Kind = RunKind.Verify,
        FinishedAt = Sample.Start.AddHours(hour),
        Verified = [new VerifiedCopy(Archive, "local", level, result, result == VerificationResult.Refused ? "it is not what was stored" : null)],
    };
}
