using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class ReportTextTests
{
    [Theory]
    [InlineData(RunOutcome.Succeeded, "app backup completed: 2026-11-20-030000")]
    [InlineData(RunOutcome.Partial, "app backup is incomplete: 2026-11-20-030000")]
    [InlineData(RunOutcome.Failed, "app backup failed")]
    [InlineData(RunOutcome.NotStarted, "app backup was not started")]
    [InlineData(RunOutcome.Locked, "app backup was not started: another run is going on")]
    [InlineData(RunOutcome.Refused, "app backup refused: 2026-11-20-030000")]
    [InlineData(RunOutcome.Interrupted, "app backup was interrupted")]
    public void A_headline_says_what_happened(object outcome, string expected) =>
        Assert.Equal(expected, ReportText.Headline(Sample.Succeeded with { Outcome = (RunOutcome)outcome }));

    [Fact]
    public void A_backup_of_which_only_the_size_is_wrong_needs_attention_and_is_not_incomplete()
    {
        var report = Sample.Succeeded with { Outcome = RunOutcome.Partial, Attention = ["uploads: 1 B."], Problems = ["uploads: 1 B."] };

        Assert.Equal("app backup needs attention: 2026-11-20-030000", ReportText.Headline(report));
        Assert.Equal("app backup is incomplete: 2026-11-20-030000", ReportText.Headline(Sample.Full with { Attention = ["uploads: 1 B."] }));
    }

    [Fact]
    public void What_was_made_up_for_is_told()
    {
        var one = new MadeUpCopy("app-2026-11-19-030000.tar.gz.gpg", "s3") { From = "local", Checked = UploadCheck.ReadBack };
        var report = Sample.Succeeded with { MadeUp = [one] };

        Assert.Equal("app backup completed: 2026-11-20-030000; made up for: app-2026-11-19-030000.tar.gz.gpg in s3", ReportText.Headline(report));
        Assert.Contains("\nMade up for: app-2026-11-19-030000.tar.gz.gpg in s3 (read back)\n", ReportText.Summary(report), StringComparison.Ordinal);
        Assert.EndsWith("; made up for 2 copies that stores had missed", ReportText.Headline(report with { MadeUp = [one, one] }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_message_is_the_problems_and_nothing_else() =>
        Assert.Equal("uploads: The directory is not there.\ns3: The server did not answer.", ReportText.ErrorMessage(Sample.Full));

    [Fact]
    public void Without_a_problem_in_words_the_error_message_is_the_headline() =>
        Assert.Equal("app backup was interrupted", ReportText.ErrorMessage(Sample.Succeeded with { Outcome = RunOutcome.Interrupted }));

    [Fact]
    public void The_summary_names_what_failed_first_and_no_location() =>
        Assert.Equal(
            """
            app backup is incomplete: 2026-11-20-030000
            Problem: uploads: The directory is not there.
            Problem: s3: The server did not answer.
            Warning: The archive is not encrypted – größer.
            Source postgres-app.dump (postgres): 2.0 KiB
            Source uploads (directory): The directory is not there.
            Store local: stored (size compared), 7 backups kept, 1 removed
            Store s3: The server did not answer.
            Archive: 1.4 GiB
            Services stopped for 3.2 s
            Took 12.5 s

            """,
            ReportText.Summary(Sample.Full));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(1024 * 1024 - 1, "1.0 MiB")]
    [InlineData(1536 * 1024, "1.5 MiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Sizes_are_readable(long bytes, string expected) => Assert.Equal(expected, ReportText.Size(bytes));
}
