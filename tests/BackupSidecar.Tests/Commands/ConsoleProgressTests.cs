using BackupSidecar.Commands;
using BackupSidecar.Runs;
using BackupSidecar.Stores;
using BackupSidecar.Tests.Reports;
using BackupSidecar.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BackupSidecar.Tests.Commands;

public sealed class ConsoleProgressTests
{
    private const long Mebibyte = 1 << 20;

    [Theory]
    [InlineData(0, null, 2, false, "Archived 0 B in 2.0 s (0 B/s)")]
    [InlineData(100, 400L, 50, false, "Archived 100.0 MiB in 50.0 s (2.0 MiB/s), about 2 min 30 s left")]
    [InlineData(500, 400L, 50, false, "Archived 500.0 MiB in 50.0 s (10.0 MiB/s)")]
    [InlineData(0, 400L, 3600, false, "Archived 0 B in 1 h 0 min (0 B/s)")]
    [InlineData(500, 400L, 65, true, "Archived 500.0 MiB in 1 min 5 s; waiting for the stores")]
    public void Progress_is_bytes_rate_and_the_time_left_if_it_can_be_guessed(int bytes, long? expected, int seconds, bool isWhole, string text) =>
        Assert.Equal(text, ConsoleProgress.Text(new RunProgress(bytes * Mebibyte, expected * Mebibyte, TimeSpan.FromSeconds(seconds), isWhole)));

    [Fact]
    public void A_terminal_shows_every_report_in_the_same_line()
    {
        using var terminal = new StringWriter();
        var progress = new ConsoleProgress(terminal, NullLogger.Instance);

        progress.Report(new RunProgress(1, null, TimeSpan.FromSeconds(1), IsWhole: false));
        progress.Report(new RunProgress(2, null, TimeSpan.FromSeconds(2), IsWhole: false));

        Assert.Equal("\r\e[KArchived 1 B in 1.0 s (1 B/s)\r\e[KArchived 2 B in 2.0 s (1 B/s)", terminal.ToString());
    }

    [Fact]
    public void A_terminal_that_is_gone_is_done_without()
    {
        using var gone = LogFile.Open("/dev/full");
        var progress = new ConsoleProgress(gone, NullLogger.Instance);

        progress.Report(new RunProgress(1, null, TimeSpan.FromSeconds(1), IsWhole: false));
        progress.Report(new RunProgress(2, null, TimeSpan.FromSeconds(2), IsWhole: false));
    }

    [Fact]
    public async Task Elsewhere_the_log_gets_one_line_each_minute_until_the_backup_has_ended()
    {
        var log = new LogRecorder();
        var clock = new FakeClock(Sample.Start);
        var folder = Directory.CreateTempSubdirectory("backup-sidecar-progress-");
        using (var spool = new Spool(folder.FullName, ".archive.partial", fallbackDirectory: null))
        {
            await using (new ProgressWatch(new ConsoleProgress(terminal: null, log), expected: null, clock).Follow(spool))
            {
                await spool.Writer.WriteAsync(new byte[2048], TestContext.Current.CancellationToken);
                for (var second = 0; second < 150; second++)
                    clock.Advance(TimeSpan.FromSeconds(1));
            }
            clock.Advance(TimeSpan.FromHours(1));
        }
        folder.Delete(recursive: true);

        Assert.Equal(
            ["Archived 2.0 KiB in 1 min 0 s (34 B/s)", "Archived 2.0 KiB in 2 min 0 s (17 B/s)"], log.Lines(LogLevel.Information));
    }
}
