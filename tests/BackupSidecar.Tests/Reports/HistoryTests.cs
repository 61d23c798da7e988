using BackupSidecar.Reports;

namespace BackupSidecar.Tests.Reports;

public sealed class HistoryTests : IDisposable
{
    private readonly string _state = Path.Combine(Directory.CreateTempSubdirectory("history-").FullName, "state");
    private readonly History _history;

    public HistoryTests() => _history = new History(_state);

    private string CurrentFile => Path.Combine(_state, "history.jsonl");

    private string OldFile => Path.Combine(_state, "history.old.jsonl");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_state)!, recursive: true);

    [Fact]
    public void Before_the_first_run_there_is_no_history()
    {
        Assert.Empty(_history.ReadNewestFirst());
        Assert.Null(_history.LastGoodBackup(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void A_report_comes_back_with_everything_that_was_in_it()
    {
        var report = Sample.Full;

        _history.Append(report);

        var read = Assert.Single(_history.ReadNewestFirst());
        Assert.Equivalent(report, read, strict: true);
        Assert.Equal(ReportText.Summary(report), ReportText.Summary(read));
    }

    [Fact]
    public void One_line_holds_one_report_with_its_outcome_as_text()
    {
        _history.Append(Sample.Full);

        var line = Assert.Single(File.ReadAllLines(CurrentFile));
        Assert.Contains("\"outcome\":\"Partial\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_report_comes_first()
    {
        var reports = Enumerable.Range(0, 5).Select(i => Sample.Succeeded with { RunId = Guid.NewGuid(), StartedAt = Sample.Start.AddHours(i) }).ToList();

        reports.ForEach(_history.Append);

        Assert.Equal(reports.AsEnumerable().Reverse().Select(report => report.RunId), _history.ReadNewestFirst().Select(report => report.RunId));
    }

    [Fact]
    public void A_line_torn_by_a_power_cut_is_passed_over_wherever_it_was_cut()
    {
        _history.Append(Sample.Succeeded);
        _history.Append(Sample.Full);
        var whole = File.ReadAllBytes(CurrentFile);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;

        for (var length = firstLine; length < whole.Length - 1; length++)
        {
            File.WriteAllBytes(CurrentFile, whole[..length]);
            var next = Sample.Succeeded with { RunId = Guid.NewGuid() };

            Assert.Equal(Sample.Succeeded.RunId, Assert.Single(_history.ReadNewestFirst()).RunId);
            Assert.Equal(Sample.Succeeded.StartedAt, _history.LastStarted(_ => true));
            _history.Append(next);

            Assert.Equal([next.RunId, Sample.Succeeded.RunId], _history.ReadNewestFirst().Select(report => report.RunId));
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"runId\":\"not a uuid\"}")]
    [InlineData("{\"outcome\":\"Unheard-of\"}")]
    public void A_line_that_is_no_report_is_passed_over(string line)
    {
        _history.Append(Sample.Succeeded);
        File.AppendAllText(CurrentFile, line + "\n");

        Assert.Equal(Sample.Succeeded.RunId, Assert.Single(_history.ReadNewestFirst()).RunId);
        Assert.Equal(Sample.Succeeded.StartedAt, _history.LastStarted(_ => true));
    }

    [Fact]
    public void When_the_newest_run_of_a_kind_began_is_found_also_in_the_old_file()
    {
        _history.Append(Sample.Succeeded with { StartedAt = Sample.Start });
        File.Move(CurrentFile, OldFile);
        _history.Append(Sample.Succeeded with { Kind = RunKind.Restore, StartedAt = Sample.Start.AddHours(1) });
        _history.Append(Sample.Succeeded with { Outcome = RunOutcome.Interrupted, StartedAt = Sample.Start.AddHours(2) });

        Assert.Equal(Sample.Start.AddHours(2), _history.LastStarted(run => run.Kind == RunKind.Backup));
        Assert.Equal(Sample.Start.AddHours(1), _history.LastStarted(run => run.Kind == RunKind.Restore));
        Assert.Equal(Sample.Start, _history.LastStarted(run => run.Kind == RunKind.Backup && run.Outcome != nameof(RunOutcome.Interrupted)));
        Assert.Null(_history.LastStarted(_ => false));
    }

    [Fact]
    public void A_report_of_an_older_version_with_fewer_members_can_be_read_and_shown()
    {
        Directory.CreateDirectory(_state);
        File.WriteAllText(
            CurrentFile,
            """{"runId":"0b8b2a3c-6a0e-4e0f-9d8e-000000000001","kind":"backup","backupName":"app","startedAt":"2026-11-20T03:00:00+00:00","finishedAt":"2026-11-20T03:01:00+00:00","outcome":"Succeeded","later":1}""" + "\n");

        var report = Assert.Single(_history.ReadNewestFirst());

        Assert.Equal("app backup completed: 2026-11-20 03:01:00Z\nTook 1 min 0 s\n", ReportText.Summary(report));
    }

    [Fact]
    public void At_one_mebibyte_the_file_becomes_the_old_one_and_only_one_old_one_is_kept()
    {
        var large = Sample.Succeeded with { Warnings = [new string('w', 100_000)] };

        for (var i = 0; i < 35; i++)
            _history.Append(large with { RunId = Guid.NewGuid() });

        Assert.Equal(2, Directory.GetFiles(_state, "*.jsonl").Length);
        Assert.InRange(new FileInfo(OldFile).Length, 900_000, 1024 * 1024);
        Assert.InRange(new FileInfo(CurrentFile).Length, 1, 1024 * 1024);
        Assert.InRange(_history.ReadNewestFirst().Count(), 11, 20);
    }

    [Fact]
    public void A_job_that_runs_every_minute_pushes_nothing_out_that_a_weekly_one_needs()
    {
        var weekly = Enumerable.Range(0, 8).Select(week => Sample.Succeeded with { RunId = Guid.NewGuid(), BackupName = "weekly", StartedAt = Sample.Start.AddDays(7 * week) }).ToList();
        weekly.ForEach(_history.Append);
        _history.Append(Sample.Full with { BackupName = "failing", Outcome = RunOutcome.Succeeded });
        for (var i = 0; i < 100; i++)
        {
            _history.Append(Sample.Full with { RunId = Guid.NewGuid(), BackupName = "every minute", Warnings = [new string('w', 30_000)] });
            _history.Append(Sample.Full with { RunId = Guid.NewGuid(), BackupName = "failing", Outcome = RunOutcome.Failed });
        }

        var kept = _history.ReadNewestFirst().Where(report => report.BackupName == "weekly").Select(report => report.RunId).ToList();
        Assert.Equal(weekly.AsEnumerable().Reverse().Select(report => report.RunId), kept);
        Assert.Single(_history.ReadNewestFirst(), report => report.BackupName == "failing" && report.Outcome == RunOutcome.Succeeded);
        Assert.InRange(_history.ReadNewestFirst().Count(report => report.BackupName == "every minute"), 20, 80);
        Assert.All(new[] { CurrentFile, OldFile }, file => Assert.InRange(new FileInfo(file).Length, 1, 1024 * 1024));
        Assert.Equal(_history.ReadNewestFirst().Count(), _history.ReadNewestFirst().DistinctBy(report => report.RunId).Count());
    }

    [Fact]
    public async Task What_several_write_at_once_is_all_there()
    {
        const int writers = 8;
        const int each = 25;
        // So large that the file becomes the old one in the middle of it.
        var large = Sample.Succeeded with { Warnings = [new string('w', 8_000)] };

        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() =>
        {
            var history = new History(_state);
            for (var i = 0; i < each; i++)
                history.Append(large with { RunId = Guid.NewGuid() });
        })));

        Assert.True(File.Exists(OldFile));
        Assert.Equal(writers * each, _history.ReadNewestFirst().DistinctBy(report => report.RunId).Count());
    }

    [Fact]
    public void The_last_good_backup_is_found_behind_failures_and_other_runs_and_in_the_old_file()
    {
        _history.Append(Sample.Succeeded with { Kind = "restore", RunId = Guid.NewGuid() });
        _history.Append(Sample.Succeeded);
        File.Move(CurrentFile, OldFile);
        _history.Append(Sample.Full);
        _history.Append(Sample.Succeeded with { Kind = "verify", RunId = Guid.NewGuid() });

        Assert.Equal(Sample.Succeeded.RunId, _history.LastGoodBackup(DateTimeOffset.MaxValue)!.RunId);
    }
}
